"""What the pool says of itself: its document, and what its workers have found out about their models."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from laneway.schema.pool.documents.lane_estimate import LaneEstimate
from laneway.schema.pool.documents.model_facts import ModelFacts
from laneway.schema.pool.documents.pool_document import PoolDocument
from laneway.schema.shared.problems import problems
from laneway_gateway.errors import PoolUnreachable

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway.schema.shared.base import Record
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.store import Store

    Document = TypeVar("Document", bound=Record)

FRESH_SECONDS = 30.0


class Pool:
    """Reads each document anew after `FRESH_SECONDS`, when somebody asks; where it can't, what was read last counts."""

    def __init__(self, store: Store, place: Place, clock: Clock) -> None:
        """`place` is where `pool.json` lies."""
        self._store = store
        self._place = place
        self._clock = clock
        self._read: dict[str, tuple[float, Record | None]] = {}
        self._lines: dict[str, tuple[float, LaneEstimate | None, float]] = {}

    async def document(self) -> PoolDocument:
        """The pool's lanes; raises `PoolUnreachable`, also where there is no pool."""
        key = self._place.pool_document()
        found = await self._fresh(key, PoolDocument)
        if found is None:
            del self._read[key]  # who waits for a pool that is being made asks again and again
            raise PoolUnreachable(
                f"there is no pool at {self._place.url(self._place.prefix)}: its pool.json is missing"
            )
        return found

    async def facts(self, lane: str) -> ModelFacts | None:
        """What a lane's workers say of its model, or None where none has said it yet; raises `PoolUnreachable`."""
        return await self._fresh(self._place.model_facts(lane), ModelFacts)

    async def line(self, lane: str) -> tuple[LaneEstimate | None, float]:
        """What a lane's workers have written of how long jobs wait, and how many seconds ago. Where it can't be read
        nobody asks again before its time: requests need none. Never raises.
        """
        now = self._clock.monotonic()
        at, found, age = self._lines.get(lane, (-FRESH_SECONDS, None, 0.0))
        if now < at + FRESH_SECONDS:
            return found, age + now - at
        self._lines[lane] = (now, found, age + now - at)  # who comes meanwhile does not ask, too
        with suppress(PoolUnreachable, ValidationError):
            stored = await self._store.read(self._place.lane_estimate(lane))
            found = None if stored is None else LaneEstimate.model_validate_json(stored.body)
            self._lines[lane] = (now, found, stored.age_seconds if stored else 0.0)
        return self._lines[lane][1:]

    async def _fresh(self, key: str, kind: type[Document]) -> Document | None:
        at, known = self._read.get(key, (0.0, None))
        if key in self._read and self._clock.monotonic() < at + FRESH_SECONDS:
            return known if isinstance(known, kind) else None
        try:
            found = await self._document(key, kind)
        except PoolUnreachable:
            if not isinstance(known, kind):
                raise
            found = known
        self._read[key] = (self._clock.monotonic(), found)
        return found

    async def _document(self, key: str, kind: type[Document]) -> Document | None:
        stored = await self._store.read(key)
        try:
            return None if stored is None else kind.model_validate_json(stored.body)
        except ValidationError as error:
            raise PoolUnreachable(f"{key} is not readable by this version: {problems(error)}") from None
