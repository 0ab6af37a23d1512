"""The objects of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway.client.remote import Stored


class Store(Protocol):
    """The pool's bucket. Every call ends within bounded time; every one raises `PoolUnreachable`.

    Writes are conditional, as the bucket's policy wants them: nothing is written over unseen.
    """

    async def read(self, key: str) -> Stored | None:
        """An object with its ETag, or None."""
        ...

    async def put_new(self, key: str, body: bytes) -> str | None:
        """Write an object that must not exist; its ETag, or None where there is one."""
        ...

    async def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """Write over exactly this object; the new one's ETag, or None where another one is there, or none."""
        ...

    async def delete(self, key: str, etag: str) -> bool:
        """Delete exactly this object; False where another one is there, or none."""
        ...

    async def etags(self, prefix: str) -> dict[str, str]:
        """The keys under a prefix, and the ETag of each."""
        ...

    async def keys(self, prefix: str, first: str = "", last: str | None = None) -> list[str]:
        """The keys under a prefix in order: from `first` on, which need not exist, and up to `last`."""
        ...
