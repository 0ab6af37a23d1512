"""The Lease by which operators agree on the active one: the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway_operator.leader.election import Record


class Lease(Protocol):
    """Raises `Unreachable`; `Conflict`, which is one too, where somebody was faster."""

    def read(self) -> Record | None:
        """As it is now; None where there is none."""

    def write(self, record: Record) -> Record:
        """Make it, or replace the version that the record was read at; the answer carries the new version."""
