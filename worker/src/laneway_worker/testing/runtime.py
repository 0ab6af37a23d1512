"""A runtime that follows a script."""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from laneway.schema.job.result import ServedModel
from laneway_worker.errors import EngineBroken, EngineCrashed, Interrupted, Unavailable
from laneway_worker.ports.replies import NO_CHANNEL
from laneway_worker.ports.runtime import Answer, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.pool.documents.model_facts import ModelFacts
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.stop import Stop
    from laneway_worker.request.request import Request

DIGEST = "sha256:" + "0" * 64


class Held:
    """A script's step: answer nothing until the test says so, or until the work is stopped."""

    def __init__(self) -> None:
        """Held at first."""
        self.released = False


Step = Answer | Exception | Held


def answer(text: str = "Paris.", prompt_tokens: int = 7, completion_tokens: int = 2) -> Answer:
    """A plain answer."""
    return Answer(prompt_tokens, completion_tokens, finish_reason="stop", first_token_at=None, text=text)


def _record(text: str) -> bytes:
    return json.dumps({"response": text, "done": False}).encode()


class ScriptedRuntime:
    """Plays its script, one step a request; after the script every request is answered."""

    def __init__(self, clock: Clock, *script: Step) -> None:
        """Held steps wait on the clock's condition."""
        self._changed = clock.condition()
        self.script: deque[Step] = deque(script)
        self.requests: list[Request] = []
        self.running = 0
        self.most_running = 0
        self.loaded = True
        """While False the model can't be prepared."""
        self.refusal: Exception = Unavailable("the model is not there")
        """What `prepare` raises then."""
        self.pulling: str | None = None
        """How far the model is; while there is something here, `prepare` tells it and waits for more."""
        self.prepares = 0
        self.broken = False
        """While True it can't answer questions of ours."""
        self.falls_over_several = False
        """While True it fails where it is asked several questions at once."""
        self.proofs = 0
        self.slots: int | None = None
        """How many requests it works on at once; None is as many as are wanted."""
        self.dropped_since: float | None = None
        """Since when it has worked on what nobody wants."""
        self.known: ModelFacts | None = None
        """What is known of the model."""
        self._clock = clock

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        """Loaded, or not, or on its way."""
        with self._changed:
            self.prepares += 1
            while (told := self.pulling) is not None:
                tell(told)
                self._changed.wait_for(partial(self._is_further_than, told))
        if not self.loaded:
            raise self.refusal
        return ServedModel(name="gemma3:270m", digest=DIGEST)

    def _is_further_than(self, told: str) -> bool:
        return self.pulling != told

    def generate(self, request: Request, stop: Stop, channel: Channel = NO_CHANNEL) -> Answer:
        """Play the next step; a text is told in one record, and who is held has told one before."""
        with self._changed:
            self.requests.append(request)
            step = self.script.popleft() if self.script else answer()
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            self._changed.notify_all()
        if isinstance(step, Held):
            channel.record(_record("…"))
        try:
            played = self._play(step, stop)
            channel.record(_record(played.text or ""))
            return played
        finally:
            with self._changed:
                self.running -= 1
                self._changed.notify_all()

    def prove(self, stop: Stop) -> None:
        """Broken, or not."""
        self.proofs += 1
        if stop.reason is not None:
            raise Interrupted
        if self.broken:
            raise EngineBroken("Ollama can't answer a question of two tokens: HTTP 500")

    def serves(self, wanted: int) -> int:
        """As the test says; broken, or not."""
        if self.broken or self.falls_over_several:
            raise EngineCrashed("Ollama's runner stopped: HTTP 500")
        return wanted if self.slots is None else min(wanted, self.slots)

    def facts(self) -> ModelFacts | None:
        """As the test says."""
        return self.known

    def lingers(self) -> float:
        """As the test says."""
        return 0.0 if self.dropped_since is None else self._clock.monotonic() - self.dropped_since

    def _play(self, step: Step, stop: Stop) -> Answer:
        if isinstance(step, Exception):
            raise step
        if isinstance(step, Held):
            self._hold(step, stop)
        if stop.reason is not None:
            raise Interrupted
        return step if isinstance(step, Answer) else answer()

    def _hold(self, held: Held, stop: Stop) -> None:
        with self._changed:
            self._changed.wait_for(lambda: held.released or stop.reason is not None)

    def let_go(self, held: Held) -> None:
        """Let a held request be answered."""
        with self._changed:
            held.released = True
            self._changed.notify_all()
