"""The projector, put together."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from laneway import logs
from laneway.probes import server_of
from laneway_table.adapters.aws import sqs_client
from laneway_table.adapters.clock import SystemClock
from laneway_table.adapters.metrics import Metrics
from laneway_table.adapters.sqs import SQSEvents
from laneway_table.project.health import Health
from laneway_table.project.projector import Projector
from laneway_table.project.reading import Source
from laneway_table.project.retention import EVERY_SECONDS, expire
from laneway_table.stores import open_table

if TYPE_CHECKING:
    from laneway.schema.pool.documents.projector_config import ProjectorConfig
    from laneway_table.ports.table import Table

THREADS = 4  # the most connections of a PostgreSQL's pool

_log = logging.getLogger(__name__)


class Defect(Exception):
    """A thread has ended by an error of ours, which is logged."""


def run(config: ProjectorConfig, stop: threading.Event) -> None:
    """Until the process is to leave. Raises `TableUnusable`, `Defect`, and OSError where the port is in use."""
    clock, metrics = SystemClock(), Metrics()
    health = Health(clock.monotonic, metrics.page)
    with server_of(health.page, config.health_address) as server:
        threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
        table = open_table(config)
        try:
            _project(config, table, stop, clock=clock, metrics=metrics, health=health)
        finally:
            table.close()
            server.shutdown()


def _project(
    config: ProjectorConfig,
    table: Table,
    stop: threading.Event,
    *,
    clock: SystemClock,
    metrics: Metrics,
    health: Health,
) -> None:
    events = SQSEvents(sqs_client(config.region, config.endpoint), config.events_queue_url)
    source = Source(config.pool, config.results, config.output)
    projector = Projector(events, table, source, clock=clock, stop=stop, figures=metrics, health=health)
    if not projector.prepare():
        return
    defects: list[Exception] = []

    def work(number: int) -> None:
        try:
            projector.work(f"worker {number}", helps=number > 0)
        except Exception as error:  # noqa: BLE001 - a defect ends the process, which is begun anew
            logs.log_defect(_log, error)
            defects.append(error)
            stop.set()

    threads = [threading.Thread(target=work, args=(number,), name=f"worker {number}") for number in range(THREADS)]
    for each in threads:
        each.start()
    _log.info("events of %s become rows", config.pool)
    try:
        while not stop.is_set():
            expire(table, config.pool, config.retention_seconds, clock=clock, stop=stop, figures=metrics)
            stop.wait(EVERY_SECONDS)
    finally:  # nobody writes into a table that is being closed: to SQLite that is a row's fault
        stop.set()
        for each in threads:
            each.join()
    if defects:
        raise Defect
