"""How many requests the engine answers at once: what the lane wants, or fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.errors import EngineCrashed, EngineFailed

if TYPE_CHECKING:
    from laneway.schema.job.result import ServedModel
    from laneway_worker.ports.runtime import Runtime

MOST_FAILURES = 2  # an engine that can answer one question and not several at once keeps nobody waiting for ever


class Slots:
    """Measured once, before the first job: later ones would be in the way."""

    def __init__(self, wanted: int) -> None:
        """As many as the lane wants, until something else is known."""
        self._wanted = wanted
        self._served: int | None = None
        self._failures = 0

    @property
    def number(self) -> int:
        """How many."""
        return self._wanted if self._served is None else self._served

    def measure(self, runtime: Runtime) -> None:
        """Where that has not been done; the model is loaded, and nobody is on it. Raises `Unavailable`."""
        if self._served is not None:
            return
        try:
            self._served = runtime.serves(self._wanted)
        except (EngineCrashed, EngineFailed):
            self._failures += 1
            if self._failures < MOST_FAILURES:
                raise
            self._served = self._wanted

    def fewer(self, model: ServedModel | None) -> str:
        """What to change where there are fewer than the lane wants; empty where there are not."""
        if model is None or self.number >= self._wanted:
            return ""
        words = f"Ollama answers {self.number} of {self._wanted} requests of {model.name} at once"
        return f"{words}, and the others would wait inside it; set the lane's parallel to {self.number}"
