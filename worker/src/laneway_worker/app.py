"""Composition root: builds one worker from a LaneConfig and runs it until it is told to leave."""

from __future__ import annotations

import logging
import random
import signal
import socket
import threading
from typing import TYPE_CHECKING

from laneway_worker.adapters import aws
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.kubernetes import KubernetesPod, server_url
from laneway_worker.adapters.ollama import Ollama
from laneway_worker.adapters.s3 import S3Store
from laneway_worker.adapters.sns import SNSNotifier
from laneway_worker.adapters.sqs import SQSQueue
from laneway_worker.commit import Finisher
from laneway_worker.consumer import Consumer
from laneway_worker.engine import Engine
from laneway_worker.health import Health, serve
from laneway_worker.lease import Leases
from laneway_worker.metrics import Metrics
from laneway_worker.patience import Patience
from laneway_worker.pod_report import Standing
from laneway_worker.publish import publish
from laneway_worker.reporter import Reporter
from laneway_worker.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.lane_config import LaneConfig
    from laneway.schema.preflight import Preflight
    from laneway_worker.ports import Clock, JobQueue, Notifier, ObjectStore, Pod, Runtime

log = logging.getLogger(__name__)

SIGNALS = {signal.SIGTERM, signal.SIGINT}


class Worker:
    """The parts of one worker, wired."""

    def __init__(
        self,
        config: LaneConfig,
        name: str,
        queue: JobQueue,
        store: ObjectStore,
        notifier: Notifier,
        runtime: Runtime,
        clock: Clock,
    ) -> None:
        """`name` stands in failures."""
        self._clock = clock
        self._changed = changed = clock.condition()
        roll = random.SystemRandom().random
        self._patience = patience = Patience(clock, changed, roll)
        leases = Leases(queue, clock, changed, config.visibility_seconds)
        self.metrics = Metrics(config.pool, config.lane)
        self.metrics.watch_waiting(lambda: patience.troubled)
        self.engine = Engine(runtime, clock, changed)
        work = Work(config, name, store, self.engine, patience, clock, changed, roll)
        finisher = Finisher(config, store, notifier, queue, leases, patience)
        self.consumer = Consumer(
            config, queue, leases, self.engine, patience, work, finisher, self.metrics, clock, changed
        )

    def report_to(self, pod: Pod) -> None:
        """Keep the pod's annotations true, in a thread of its own."""
        reporter = Reporter(pod, self._standing, self._clock, self._changed, lambda: self.consumer.done)
        self._clock.spawn("report", reporter.run)

    def _standing(self) -> Standing:
        consumer = self.consumer
        return Standing(
            running_since=consumer.running_since,
            idle_since=consumer.idle_since,
            engine=self.engine.failing,
            aws=self._patience.failing or consumer.refused,
        )


def real_worker(config: LaneConfig) -> Worker:
    """A worker on real adapters."""
    clock = SystemClock()
    clients = aws.clients(config.region, config.endpoint, config.parallel, config.poll_seconds)
    return Worker(
        config,
        socket.gethostname(),
        SQSQueue(clients, config.queue.url, config.visibility_seconds, config.poll_seconds),
        S3Store(clients.s3),
        SNSNotifier(clients.sns),
        Ollama(config.ollama_url, config.model, config.limits, clock),
        clock,
    )


def own_pod(environment: Mapping[str, str]) -> Pod | None:
    """The pod that this process runs in, or None: kubelet names the API server to every pod."""
    host, port = (environment.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    return KubernetesPod(server_url(host, port), socket.gethostname()) if host and port else None


def publish_document(preflight: Preflight) -> None:
    """Write a pool's document; raises `Unavailable`."""
    changed = publish(preflight, S3Store(aws.s3_client(preflight.region, preflight.endpoint)))
    place = preflight.results
    fields = {"url": place.url(place.pool_document()), "changed": changed}
    log.info("pool document published", extra={"fields": fields})


def _report(worker: Worker, pod: Pod | None) -> None:
    if pod is None:
        log.warning("pod reports are wanted, but this is no pod: KUBERNETES_SERVICE_HOST is missing")
    else:
        worker.report_to(pod)


def run(config: LaneConfig, environment: Mapping[str, str]) -> None:
    """Serve a lane until SIGTERM or SIGINT, then drain; a second signal gives everything back at once."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # before any thread starts: only this one takes signals
    worker = real_worker(config)
    server = serve(Health(worker.consumer, worker.engine, worker.metrics), config.health_address)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    worker.consumer.start()
    if config.pod_reports:
        _report(worker, own_pod(environment))
    log.info("worker started", extra={"fields": {"pool": config.pool, "lane": config.lane}})
    signal.sigwait(SIGNALS)
    log.info("draining")
    worker.consumer.drain()
    while not worker.consumer.wait_until_done(0.1):
        if signal.sigpending() & SIGNALS:
            signal.sigwait(SIGNALS)
            log.info("leaving at once")
            worker.consumer.leave()
    server.shutdown()
    log.info("worker stopped")
