"""dramatiq over SQS (dramatiq-sqs). Run as a module with COUNT, it sends that many tasks."""

from __future__ import annotations

import sys
import uuid

import dramatiq  # type: ignore[import-not-found] # because only the group `bench` has it
from botocore.config import Config
from dramatiq.middleware import default_middleware  # type: ignore[import-not-found] # as above, because of the group
from dramatiq_sqs import SQSBroker  # type: ignore[import-not-found] # as above, because of the group

from bench.worker.peers.work import ENDPOINT, QUEUE_URL, REGION, VISIBILITY_SECONDS, work

broker = SQSBroker(
    middleware=[each() for each in default_middleware if each.__name__ != "Prometheus"],
    visibility_timeout=VISIBILITY_SECONDS,
    region_name=REGION,
    endpoint_url=ENDPOINT,
    config=Config(max_pool_connections=64, proxies={}),
)
dramatiq.set_broker(broker)
store = dramatiq.actor(work, actor_name="store", queue_name=QUEUE_URL.rpartition("/")[2])

if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        store.send(uuid.uuid4().hex)
