"""Has Ollama pull a model from its registry: https://github.com/ollama/ollama/blob/main/docs/api.md#pull-a-model."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx

from laneway_worker.adapters.ollama.stream import json_object, lines, words_of
from laneway_worker.errors import ModelPullFailed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from laneway_worker.ports.clock import Clock

CONNECT_SECONDS = 3.0
STALL_SECONDS = 120.0  # without a byte: Ollama repeats its last line 16 times a second while a download stands still
SILENCE_SECONDS = 900.0  # without a line: Ollama says nothing while it checks 100 GB on a disk that reads 125 MB/s
SHOWN = 200  # characters of an error of Ollama's

PASSING = re.compile(r"\?[^\s\"]*|\S+->")
"""Parts of an error that differ with each try, and so would look like news: a signed query, a local port."""

ADVICE = {
    "file does not exist": "its registry has no such model: correct the model's name",
    "invalid model name": "correct the model's name",
    "no space left": "give the place of Ollama's models more room",
    "newer version": "use a newer Ollama, which in a cluster is another `engine` of the pool",
    "unauthorized": "its registry wants credentials that Ollama has not: use a model that anybody may pull",
    "digest mismatch": "what came is broken: look for a proxy that changes downloads",
}
REACH = "see that Ollama reaches its registry, or put the model where Ollama keeps its models"


def pull(http: httpx.Client, model: str, clock: Clock, tell: Callable[[str], None]) -> None:
    """Pull, however long it takes. Raises `ModelPullFailed` where that fails or comes to a halt; what has come by then
    is kept by Ollama, and the next pull goes on from there.
    """
    progress = Progress(model, clock.monotonic())
    with closing(_records(http, model)) as records:
        for record in records:
            if "error" in record:
                raise _failed(model, str(record["error"]))
            if progress.add(record, clock.monotonic()):
                tell(progress.text)
            if progress.stands_still(clock.monotonic()):
                raise _failed(model, f"nothing has come for {STALL_SECONDS:.0f} s at {progress.percent} %")
    if not progress.done:
        raise Unavailable(f"Ollama stopped pulling {model}")


def _records(http: httpx.Client, model: str) -> Generator[dict[str, Any]]:
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    try:
        with http.stream("POST", "/api/pull", json={"model": model}, timeout=timeout) as response:
            if response.is_error:
                raise _failed(model, words_of(response.read().decode(errors="replace")))
            yield from map(json_object, lines(response.iter_bytes()))
    except httpx.ReadTimeout as error:
        raise _failed(model, f"Ollama has said nothing for {SILENCE_SECONDS:.0f} s") from error
    except httpx.HTTPError as error:
        raise Unavailable(f"Ollama stopped pulling {model}: {type(error).__name__}") from error


def _failed(model: str, words: str) -> ModelPullFailed:
    shown = PASSING.sub("", words.strip().partition("\n")[0])[:SHOWN]
    advice = next((advice for part, advice in ADVICE.items() if part in shown), REACH)
    return ModelPullFailed(f"Ollama can't pull {model}: {shown}; {advice}")


class Progress:
    """How far a pull is. Pure."""

    def __init__(self, model: str, now: float) -> None:
        """`now` is monotonic."""
        self._model = model
        self._moved_at = now
        self._totals: dict[str, int] = {}
        self._completed: dict[str, int] = {}
        self._status = ""
        self._told = ""

    def add(self, record: dict[str, Any], now: float) -> bool:
        """Take a record; returns whether `text` is news. What came in earlier pulls is none: a pull that can't go on
        would tell of it at each try.
        """
        status = str(record.get("status") or self._status)
        came = self._count(record)
        if came or status != self._status:
            self._moved_at = now
        self._status = status
        news = (came or self._checking) and self.text != self._told
        self._told = self.text if news else self._told
        return news

    def _count(self, record: dict[str, Any]) -> bool:
        """Whether more has come of something that was told of before."""
        digest, completed = str(record.get("digest") or ""), int(record.get("completed") or 0)
        if not digest:
            return False
        before = self._completed.get(digest)
        self._totals[digest], self._completed[digest] = int(record.get("total") or 0), completed
        return before not in (None, completed)

    @property
    def _checking(self) -> bool:
        return bool(self._totals) and not self._status.startswith("pulling")

    @property
    def done(self) -> bool:
        """Whether Ollama has the model."""
        return self._status == "success"

    def stands_still(self, now: float) -> bool:
        """Whether nothing has come for too long."""
        return now - self._moved_at >= STALL_SECONDS

    @property
    def percent(self) -> int:
        """Of the bytes that Ollama has told of."""
        return 100 * sum(self._completed.values()) // (sum(self._totals.values()) or 1)

    @property
    def text(self) -> str:
        """For people."""
        step = self._status if self._checking else f"{self.percent} %"
        return f"pulling {self._model}: {step}"
