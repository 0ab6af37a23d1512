"""What may change under a running worker: the newest live document that could be read, and who reads it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from laneway.logs import log_defect
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.shared.base import shown
from laneway.schema.shared.problems import problems
from laneway_worker.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.document import Document

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0  # between two looks; the kubelet itself takes up to two minutes


class Live:
    """Holds the newest good document. Who decides over time asks anew; a job keeps what it was started with."""

    def __init__(self, first: LiveConfig) -> None:
        """What the worker was started with."""
        self.now = first


class Rereading:
    """The loop of one thread; `over` says when to end. What can't be read changes nothing, and is told once."""

    def __init__(
        self, live: Live, document: Document, clock: Clock, changed: Condition, over: Callable[[], bool]
    ) -> None:
        """`changed` is the worker's one condition."""
        self._live = live
        self._document = document
        self._clock = clock
        self._changed = changed
        self._over = over
        self._trouble = ""
        self._unknown: list[str] = []

    def run(self) -> None:
        """Look again and again."""
        while not self._over():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - nothing may end the one thread that hears of changes
                log_defect(log, error)
            with self._changed:
                self._changed.wait_for(self._over, LOOK_SECONDS)

    def _look(self) -> None:
        try:
            body = self._document.read()
            found = read_live(body)
        except Unavailable as error:
            self._tell_trouble(str(error))
            return
        except ValidationError as error:
            self._tell_trouble(problems(error))
            return
        self._tell_trouble("")
        self._tell_unknown(sorted(unknown_fields(json.loads(body), found.model_dump(mode="json"))))
        self._take(found)

    def _take(self, found: LiveConfig) -> None:
        if found == self._live.now:
            return
        names = [name for name in LiveConfig.model_fields if getattr(found, name) != getattr(self._live.now, name)]
        with self._changed:
            self._live.now = found
            self._changed.notify_all()
        log.info("settings changed: they hold for jobs that start from now on", extra={"fields": {"changed": names}})

    def _tell_trouble(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning(
                "the live document can't be used, and what was read before holds until it is mended: %s", trouble
            )
        elif self._trouble and not trouble:
            log.info("the live document can be used again")
        self._trouble = trouble

    def _tell_unknown(self, names: list[str]) -> None:
        if names and names != self._unknown:
            words = "the live document has fields that this worker is too old for; it goes on without them"
            log.warning(words, extra={"fields": {"unknown": names}})
        self._unknown = names


def read_live(body: bytes) -> LiveConfig:
    """The document, without fields that a newer operator may write; raises pydantic's ValidationError."""
    return LiveConfig.model_validate_json(body, extra="ignore")


def unknown_fields(written: Any, read: Any, place: str = "") -> Iterator[str]:
    """The places of what was written and passed over."""
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            at = f"{place}.{shown(name)}" if place else shown(name)
            if name in read:
                yield from unknown_fields(value, read[name], at)
            else:
                yield at
    elif isinstance(written, list) and isinstance(read, list):
        for value, known in zip(written, read, strict=True):
            yield from unknown_fields(value, known, f"{place}[]")
