"""Ollama, as a job needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from laneway_worker.ports.replies import NO_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway.schema.job.result import EngineCounters, FinishReason, ServedModel
    from laneway.schema.pool.documents.model_facts import ModelFacts
    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.stop import Stop
    from laneway_worker.request.request import Request


@dataclass(frozen=True)
class Answer:
    """What Ollama answered."""

    prompt_tokens: int
    completion_tokens: int
    finish_reason: FinishReason | None
    first_token_at: datetime | None
    text: str | None = None
    thinking: str | None = None
    message: dict[str, Any] | None = None
    embeddings: list[list[float]] | None = None
    engine: EngineCounters | None = None


def silent(_: str) -> None:
    """Nobody wants to be told."""


class Runtime(Protocol):
    """Ollama."""

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        """Have the lane's model loaded; raises `Unavailable`, whose message says what to do. While the model is on its
        way, `tell` is told how far it is; what is ready already is not told.
        """

    def generate(self, request: Request, stop: Stop, channel: Channel = NO_CHANNEL) -> Answer:
        """Answer a request; raises `JobError`, `Unavailable`, or `Interrupted` soon after `stop` is set. `channel` is
        told of each record but the final one, as it comes.
        """

    def prove(self, stop: Stop) -> None:
        """Answer a tiny question that is no job's; raises `EngineBroken` where that can't be done, `Unavailable` where
        nobody is there to be asked, or `Interrupted` soon after `stop` is set.
        """

    def serves(self, wanted: int) -> int:
        """How many of the `wanted` requests the loaded model is at work on at once; measured while nobody else asks.
        Raises `Unavailable` where nobody is there.
        """

    def facts(self) -> ModelFacts | None:
        """What is known of the model that was prepared last, by what was told then; None before. Asks nobody."""

    def lingers(self) -> float:
        """For how many seconds the engine has worked on a request that it was told to drop; 0 where it does not."""
