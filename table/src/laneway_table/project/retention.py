"""Old rows are deleted, in batches that hold up nobody."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_table.errors import TableError

if TYPE_CHECKING:
    from laneway_table.ports.clock import Clock, Stop
    from laneway_table.ports.figures import Figures
    from laneway_table.ports.table import Table

BATCH = 2000  # rows: some 10 ms of PostgreSQL's time
PAUSE_SECONDS = 0.1  # between batches
EVERY_SECONDS = 600.0

_log = logging.getLogger(__name__)


def expire(table: Table, pool: str, seconds: int, *, clock: Clock, stop: Stop, figures: Figures) -> int:
    """Delete what is older; a database that is down is asked again the next time."""
    before = clock.now() - timedelta(seconds=seconds)
    total = 0
    try:
        while gone := table.expire(pool, before, BATCH):
            total += gone
            figures.expired(gone)
            if gone < BATCH or stop.wait(PAUSE_SECONDS):
                break
    except TableError as error:
        _log.warning("old rows stay for now: %s", error)
    return total
