"""What projector, rebuild and readers do with a table once, in this process, each by clients of its own."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

from laneway_table.adapters.aws import sqs_client
from laneway_table.adapters.clock import SystemClock
from laneway_table.adapters.metrics import Metrics
from laneway_table.adapters.sqs import SQSEvents
from laneway_table.opened import sweep_of
from laneway_table.project.health import Health
from laneway_table.project.projector import Projector
from laneway_table.project.reading import Source
from laneway_table.project.retention import expire
from laneway_table.rows.asked import Filter
from laneway_table.stores import open_table

if TYPE_CHECKING:
    from laneway.schema.pool.documents.projector_config import ProjectorConfig

TEN_YEARS_SECONDS = 3650 * 24 * 3600


def project(told: ProjectorConfig) -> None:
    """Events are received, held and given back, and become rows when they come again; old rows go."""
    clock, metrics, stop = SystemClock(), Metrics(), threading.Event()
    with closing(sqs_client(told.region, told.endpoint)) as client, closing(open_table(told)) as table:
        events = SQSEvents(client, told.events_queue_url, wait_seconds=1)
        receipts = [each.receipt for each in events.receive()]
        events.hold(receipts)
        events.release(receipts)
        source, health = Source(told.pool, told.results, told.output), Health(clock.monotonic, metrics.page)
        projector = Projector(events, table, source, clock=clock, stop=stop, figures=metrics, health=health)
        assert projector.prepare()
        assert projector.once("worker 0") > 0
        expire(table, told.pool, told.retention_seconds, clock=clock, stop=stop, figures=metrics)


def rebuild(told: ProjectorConfig) -> int:
    """As `laneway table rebuild --prune`; how many rows were written."""
    with closing(open_table(told)) as table:
        table.prepare()
        return sum(each.written for each in sweep_of(told, table, None, mend=True, prune=True).run())


def look_at(told: ProjectorConfig, lane: str) -> None:
    """As the dashboard does, and `laneway jobs list`."""
    with closing(open_table(told)) as table:
        assert table.page(told.pool, Filter(lane=lane)).rows
