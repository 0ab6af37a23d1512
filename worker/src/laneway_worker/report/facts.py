"""`models/<lane>.json`: what is known of the lane's model, written for whoever speaks of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway.logs import log_defect
from laneway.schema.pool.documents.model_facts import MAX_FACTS_BYTES, ModelFacts
from laneway.schema.shared.base import read_or_none
from laneway_worker.errors import AbsentError, AlreadyThereError, TooLargeError, Unavailable
from laneway_worker.ports.objects import Stored

if TYPE_CHECKING:
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.objects import ObjectStore

log = logging.getLogger(__name__)

AGAIN_SECONDS = 60.0  # after a failure: without the document jobs are done all the same


class Facts:
    """Writes what is new, each time in a thread of its own: nothing waits for it."""

    def __init__(self, config: LaneConfig, store: ObjectStore, clock: Clock) -> None:
        """The lane's place."""
        self._bucket = config.results.bucket
        self._key = config.results.model_facts(config.lane)
        self._store = store
        self._clock = clock
        self._written: ModelFacts | None = None
        self._writes = False
        self._not_before = 0.0

    def tell(self, facts: ModelFacts | None) -> None:
        """What is known now; called by one thread again and again."""
        now = self._clock.monotonic()
        if facts is None or facts == self._written or self._writes or now < self._not_before:
            return
        self._writes, self._not_before = True, now + AGAIN_SECONDS
        self._clock.spawn("facts", lambda: self._guarded(facts))

    def _guarded(self, facts: ModelFacts) -> None:
        try:
            self._write(facts)
            self._written, self._not_before = facts, 0.0
        except (AlreadyThereError, AbsentError):
            pass  # another worker of the lane writes, too
        except Unavailable as error:
            log.warning("what is known of the model can't be written to %s: %s", self._key, error.with_advice)
        except Exception as error:  # noqa: BLE001 - whatever it is, jobs are done all the same
            log_defect(log, error)
        finally:
            self._writes = False

    def _write(self, facts: ModelFacts) -> None:
        """Where the lane's document says anything else. Raises `Unavailable`, and where another worker writes too."""
        there = self._there()
        if there is not None and _says(there.body, facts):
            return
        body = facts.model_dump_json().encode()
        if there is None:
            self._store.put_new(self._bucket, self._key, body)
        else:
            self._store.replace(self._bucket, self._key, body, there.etag)

    def _there(self) -> Stored | None:
        """What is too large is no document of ours, and gives way."""
        try:
            return self._store.get(self._bucket, self._key, MAX_FACTS_BYTES)
        except TooLargeError:
            etag = self._store.etag(self._bucket, self._key)
            return None if etag is None else Stored(b"", etag)


def _says(body: bytes, facts: ModelFacts) -> bool:
    """Whether a document says the same. When an engine got its model is each one's own."""
    there = read_or_none(ModelFacts, body)
    own = {"modified_at": None}
    return there is not None and there.model_copy(update=own) == facts.model_copy(update=own)
