"""Results, as the bucket has them: read, and compared with the request that they are for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from laneway.client.results import Request, is_of, read_result
from laneway.errors import PoolUnavailable, ResultOfAnotherRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.client.remote import Stored
    from laneway.schema.job.keys import Place
    from laneway.schema.job.result import Result
    from laneway_gateway.held.records.documents import Owner
    from laneway_gateway.ports.store import Store


MEMORY_A_BYTE = 4  # of a result: as Python has it a text takes up to four bytes a character, and a number up to four


@dataclass(frozen=True)
class Found:
    """A job's result."""

    result: Result
    etag: str
    size: int
    """About how many bytes of memory it takes."""


@dataclass(frozen=True)
class Lost:
    """Why nobody here will know it."""

    message: str
    size: ClassVar = 0


class Results:
    """The results of a pool's jobs. Raises `PoolUnreachable`."""

    def __init__(self, store: Store, place: Place, told: Callable[[Result], None]) -> None:
        """`place` is where they lie; `told` is called with each that is read."""
        self._store = store
        self._place = place
        self._told = told

    async def find(self, owner: Owner) -> Found | Lost | None:
        """How a job ended, or None before its end; `Lost` where what stands there is none of this request's."""
        stored = await self._store.read(self._place.result(owner.id))
        return None if stored is None else await self._judged(owner, stored)

    async def tell(self, job_id: str) -> bool:
        """Read a result for what it says of itself, whoever it is of; False where it can't be understood."""
        stored = await self._store.read(self._place.result(job_id))
        with suppress(PoolUnavailable):
            if stored is not None:
                self._told(read_result(job_id, stored.body))
            return True
        return False

    async def _judged(self, owner: Owner, stored: Stored) -> Found | Lost:
        try:
            result = read_result(owner.id, stored.body)
        except PoolUnavailable as error:
            return Lost(str(error))
        self._told(result)
        if await self._is_of(result, owner):
            return Found(result, stored.etag, MEMORY_A_BYTE * len(stored.body))
        return Lost(str(ResultOfAnotherRequest(result)))

    async def _is_of(self, result: Result, owner: Owner) -> bool:
        request = Request(owner.request_hash, owner.model)
        if is_of(result, request, lambda: None):
            return True
        body = await self._store.read(self._place.job(owner.id))  # only where its lane has got another model meanwhile
        return body is not None and is_of(result, request, lambda: body.body)

    async def ended(self, job_ids: list[str]) -> set[str]:
        """Which of these jobs of one gateway have a result: one listing, from the first id to the last."""
        ids = sorted(job_ids)
        keys = {self._place.result(each): each for each in ids}
        first, last = self._place.result(ids[0]), self._place.result(ids[-1])
        shared = self._place.result(_common(ids[0], ids[-1])).removesuffix(".json")
        return {keys[key] for key in await self._store.keys(shared, first, last) if key in keys}


def _common(first: str, last: str) -> str:
    """What both begin with, and so all between them."""
    length = next(
        (number for number, (one, two) in enumerate(zip(first, last, strict=False)) if one != two), len(first)
    )
    return first[:length]
