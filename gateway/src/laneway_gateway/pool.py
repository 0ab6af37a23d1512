"""What the pool says of itself: its document, and what its workers have found out about their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

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
