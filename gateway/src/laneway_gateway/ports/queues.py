"""The queues of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway.client.remote import Figures
    from laneway.client.sending.checked import CheckedJob


class Queues(Protocol):
    """The lanes' queues. Every call ends within bounded time; every one raises `PoolUnreachable`."""

    async def send(self, job: CheckedJob, *, group: str, attribute: str) -> None:
        """Store a job's body and send its message, as the library's client does; of one that was stored and has its
        result nothing is sent. `group` is the MessageGroupId, `attribute` the text of our own attribute.

        An error leaves open whether the job was sent: sent again under the same id, it has one result all the same.
        """
        ...

    async def figures(self, queue_url: str) -> Figures:
        """A queue's approximate counts."""
        ...
