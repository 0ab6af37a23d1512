"""A Lease in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from laneway_operator.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_operator.errors import Unreachable
    from laneway_operator.leader.election import Record


class MemoryLease:
    """The port `Lease`; several operators may share one."""

    def __init__(self) -> None:
        """There is none yet."""
        self.record: Record | None = None
        self.down: Unreachable | None = None
        """What every call raises."""
        self.writes = 0
        self.on_write: Callable[[], object] = lambda: None
        """Is called before each write: time passes, or somebody else is faster."""

    def read(self) -> Record | None:
        """See the port."""
        self._asked()
        return self.record

    def write(self, record: Record) -> Record:
        """See the port."""
        self._asked()
        self.on_write()
        if record.version != (self.record.version if self.record else ""):
            raise Conflict("the Lease has another version")
        self.writes += 1
        self.record = replace(record, version=f"v{self.writes}")
        return self.record

    def _asked(self) -> None:
        if self.down is not None:
            raise self.down
