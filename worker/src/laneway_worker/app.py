"""Composition root: builds a worker or a dead-letter handler on real adapters, and runs it until it has to leave."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from laneway.probes import server_of
from laneway_worker.adapters.aws.access import AWSAccess
from laneway_worker.adapters.aws.clients import few_clients, make_clients
from laneway_worker.adapters.aws.events import SQSEvents
from laneway_worker.adapters.aws.s3 import S3Store
from laneway_worker.adapters.aws.sns import SNSNotifier
from laneway_worker.adapters.aws.sqs import SQSQueue
from laneway_worker.adapters.checker import ProcessChecker
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.kubernetes import KubernetesPod, server_url
from laneway_worker.adapters.ollama.client import Ollama
from laneway_worker.adapters.replies.registrations import Registrations
from laneway_worker.adapters.replies.replies import WiredReplies
from laneway_worker.adapters.replies.wire import TLSWire
from laneway_worker.live import Live
from laneway_worker.ports.trace import NO_TRACE
from laneway_worker.preflight.publish import check
from laneway_worker.report.http import Health
from laneway_worker.serving import DeadLetterHandler, Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from laneway.schema.pool.documents.dead_letters import DeadLettersConfig
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.lane_documents import LaneDocuments
    from laneway.schema.pool.documents.preflight import Finding, Preflight
    from laneway_worker.consume.consumer import Consumer
    from laneway_worker.ports.document import Document
    from laneway_worker.ports.pod import Pod
    from laneway_worker.ports.trace import Trace
    from laneway_worker.report.http import Readiness
    from laneway_worker.report.metrics import Families

log = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 3.0  # for a report to be removed, once nothing is held: it counts no more after two minutes anyway
LOOK_SECONDS = 5.0  # between two looks whether the engine is given up
SIGNALS = {signal.SIGTERM, signal.SIGINT}
TRACE_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def real_worker(lane: LaneDocuments, trace: Trace = NO_TRACE) -> Worker:
    """A worker on real adapters."""
    config, live = lane.config, Live(lane.live)
    clock = SystemClock()
    name, clients = (
        socket.gethostname(),
        make_clients(config.region, config.endpoint, config.parallel, config.poll_seconds),
    )
    store = S3Store(clients.s3)
    wire = TLSWire(Registrations(store, config.results, clock, local=config.local), clock)
    worker = Worker(
        config,
        live,
        name,
        SQSQueue(clients, config.queue.url, config.visibility_seconds, config.poll_seconds),
        store,
        SNSNotifier(clients.topics),
        SQSEvents(clients),
        Ollama(config.ollama_url, config.model, live, clock, config.model_volume),
        ProcessChecker(),
        clock,
        trace=trace,
        replies=WiredReplies(wire, clock, name),
    )
    worker.write_reports(store)
    return worker


def real_handler(config: DeadLettersConfig) -> DeadLetterHandler:
    """A dead-letter handler on real adapters; the lanes of a pool share region and endpoint."""
    lanes = [each.config for each in config.lanes]
    slots = sum(lane.parallel for lane in lanes)
    clients = make_clients(lanes[0].region, lanes[0].endpoint, slots, max(lane.poll_seconds for lane in lanes))
    queues = [
        SQSQueue(clients, lane.queue.dead_letter_url, lane.visibility_seconds, lane.poll_seconds) for lane in lanes
    ]
    return DeadLetterHandler(
        list(zip(config.lanes, queues, strict=True)),
        S3Store(clients.s3),
        SNSNotifier(clients.topics),
        SQSEvents(clients),
        SystemClock(),
    )


def tracing(config: LaneConfig, environment: Mapping[str, str]) -> Trace:
    """Traces go where OpenTelemetry's standard variables say; nowhere without an endpoint or without the extra."""
    if not any(environment.get(name) for name in TRACE_ENDPOINTS):
        return NO_TRACE
    try:
        from laneway_worker.adapters.tracing import exported  # noqa: PLC0415 - an optional extra
    except ImportError:
        log.warning("there is an endpoint for traces, but no OpenTelemetry: install laneway-worker[otel]")
        return NO_TRACE
    return exported(environment, {"laneway.pool": config.pool, "laneway.lane": config.lane})


def own_pod(environment: Mapping[str, str]) -> Pod | None:
    """The pod that this process runs in, or None: kubelet names the API server to every pod."""
    host, port = (environment.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    return KubernetesPod(server_url(host, port), socket.gethostname()) if host and port else None


def check_pool(preflight: Preflight) -> list[Finding]:
    """Publish a pool's document and try the pool's rights; raises `Unavailable`."""
    clients = few_clients(preflight.region, preflight.endpoint)
    found = check(preflight, S3Store(clients.s3), AWSAccess(clients))
    place = preflight.results
    fields = {"url": place.url(place.pool_document()), "findings": len(found)}
    log.info("preflight done", extra={"fields": fields})
    return found


def _report(worker: Worker, pod: Pod | None) -> None:
    if pod is None:
        log.warning("pod reports are wanted, but this is no pod: KUBERNETES_SERVICE_HOST is missing")
    else:
        worker.report_to(pod)


def run(lane: LaneDocuments, live: Document, environment: Mapping[str, str]) -> str:
    """Serve a lane until SIGTERM or SIGINT, or until its engine has been broken for too long, then drain; a second
    signal gives everything back at once. `live` is read again meanwhile. Returns what was the matter with the engine;
    nothing, where it did not end us.
    """
    _block_signals()
    config = lane.config
    trace = tracing(config, environment)
    worker = real_worker(lane, trace)
    worker.follow(live)
    if config.pod_reports:
        _report(worker, own_pod(environment))
    threading.Thread(target=leave_when_spent, args=(worker.engine,), name="budget", daemon=True).start()
    _run(worker, config.health_address, {"pool": config.pool, "lane": config.lane})
    trace.flush()
    return worker.engine.trouble if worker.engine.spent else ""


def leave_when_spent(engine: Spendable) -> None:
    """SIGTERM is what ends a worker; the kubelet, and then another node, may do better."""
    while not engine.spent:
        time.sleep(LOOK_SECONDS)
    log.error("the engine stays broken: leaving", extra={"fields": {"trouble": engine.trouble}})
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def run_handler(config: DeadLettersConfig) -> None:
    """Serve a pool's dead-letter queues until SIGTERM or SIGINT."""
    _block_signals()
    lanes = [each.config for each in config.lanes]
    fields = {"pool": lanes[0].pool, "dead_letters_of": [lane.lane for lane in lanes]}
    _run(real_handler(config), config.health_address, fields)


class Spendable(Protocol):
    """An engine that is given up in the end."""

    @property
    def spent(self) -> bool:
        """Whether now."""

    @property
    def trouble(self) -> str:
        """Why."""


class _Service(Protocol):
    """A worker or a dead-letter handler."""

    families: Families

    @property
    def engine(self) -> Readiness: ...

    @property
    def consumers(self) -> Sequence[Consumer]: ...

    def start(self) -> None: ...

    def last_words(self, seconds: float) -> None: ...


def _block_signals() -> None:
    """Before any thread starts: only the main thread takes signals."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def drained(ends: Iterable[Counter[str]]) -> dict[str, int]:
    """What a drain has come to, for the log."""
    ended = sum(ends, Counter[str]())
    finished = ended["committed"] + ended["duplicate"]
    return {"finished": finished, "retried": ended["retried"], "given_back": ended["released"], "lost": ended["lost"]}


def _run(service: _Service, address: str, fields: Mapping[str, object]) -> None:
    consumers = service.consumers

    def stalled() -> list[str]:
        return [loop for each in consumers for loop in each.stalled()]

    server = server_of(Health(stalled, service.engine, service.families).page, address)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    service.start()
    log.info("worker started", extra={"fields": fields})
    signal.sigwait(SIGNALS)
    began = time.monotonic()
    log.info("draining", extra={"fields": {"held": sum(each.held for each in consumers)}})
    for each in consumers:
        each.drain()
    while not all(each.wait_until_done(0.1) for each in consumers):
        if signal.sigpending() & SIGNALS:
            signal.sigwait(SIGNALS)
            log.info("leaving at once")
            for each in consumers:
                each.leave()
    service.last_words(LAST_WORDS_SECONDS)
    server.shutdown()
    took = {"after_seconds": round(time.monotonic() - began, 1)}
    log.info("worker stopped", extra={"fields": took | drained([each.left for each in consumers])})
