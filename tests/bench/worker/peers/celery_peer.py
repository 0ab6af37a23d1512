"""Celery over SQS (kombu). Run as a module with COUNT, it sends that many tasks."""

from __future__ import annotations

import os
import sys
import uuid

from celery import Celery  # type: ignore[import-not-found] # because only the group `bench` has it

from bench.worker.peers.work import ENDPOINT, POLL_SECONDS, QUEUE_URL, REGION, VISIBILITY_SECONDS, work

QUEUE = QUEUE_URL.rpartition("/")[2]

app = Celery("peer", broker=f"sqs://testing:testing@{ENDPOINT.removeprefix('http://')}")
app.conf.update(
    broker_transport_options={
        "region": REGION,
        "is_secure": False,
        "predefined_queues": {QUEUE: {"url": QUEUE_URL}},
        "visibility_timeout": VISIBILITY_SECONDS,
        "wait_time_seconds": POLL_SECONDS,
        "polling_interval": 0.1,
    },
    broker_connection_retry_on_startup=True,
    task_acks_late=True,  # the only setting under which a killed worker loses nothing
    task_default_queue=QUEUE,
    task_ignore_result=True,
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=int(os.environ.get("BENCH_PREFETCH", "1")),
)
store = app.task(name="store")(work)

if __name__ == "__main__":
    with app.producer_pool.acquire() as producer:
        for _ in range(int(sys.argv[1])):
            store.apply_async((uuid.uuid4().hex,), producer=producer)
