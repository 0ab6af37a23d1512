"""The three kinds of trouble: the job's, ours, the world's.

Library errors are translated into these where the library is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway.schema.job.codes import ErrorCode


class JobError(Exception):
    """The job's own fault; the message goes into its result, never into a log."""

    def __init__(self, code: ErrorCode, message: str, *, final: bool = False) -> None:
        """`message` says what to change; `final`: another attempt can only end the same way."""
        super().__init__(message)
        self.code = code
        self.final = final


class Interrupted(Exception):
    """Ours: the try ends, the job goes back to its queue, no attempt is charged."""


class Unavailable(Exception):
    """The world's: keep the lease, stop receiving, try again in place. The message holds no text of a job."""

    lasting = False
    """It will not pass by itself: a person has to do something."""
    code = ""
    """How a pod's report calls it, where that is more than what failed."""

    def __init__(self, message: str, advice: str = "") -> None:
        """`advice` says what a person can do."""
        super().__init__(message)
        self._advice = advice

    @property
    def with_advice(self) -> str:
        """The message, and what a person can do."""
        return f"{self}; {self._advice}" if self._advice else str(self)


class EngineCrashed(Unavailable):
    """Ollama or its runner died under a request."""


class EngineFailed(Unavailable):
    """A request went wrong inside Ollama. Whose fault that was, the job's or the engine's, is asked of the engine."""

    def __init__(self, blame: JobError, name: str) -> None:
        """`blame` is what the job is charged with where the engine can answer others; `name` quotes no job."""
        super().__init__(f"Ollama failed: {name}")
        self.blame = blame
        self.name = name


class EngineBroken(Unavailable):
    """Ollama is there and can't answer the smallest question: whatever failed on it is nobody's fault."""

    lasting = True
    code = "engine_broken"


class ModelUnusable(Unavailable):
    """The lane's model is not there, is another one, or can't be loaded."""

    lasting = True
    code = "model_unusable"


class ModelPullFailed(ModelUnusable):
    """The lane's model can't be had from its registry."""

    code = "model_pull_failed"


class ModelMissing(ModelUnusable):
    """The volume that should hold the lane's model does not."""

    code = "model_missing"


class Refused(Unavailable):
    """AWS answered, and said no for a reason that stays."""

    lasting = True


class TargetRefused(Refused):
    """What was to be used is not there, or may not be used by us; others may be."""


class AlreadyThereError(Exception):
    """A conditional PUT found an object, or another one than it was to replace."""


class TooLargeError(Exception):
    """An object is larger than anything that belongs there."""

    def __init__(self, most_bytes: int) -> None:
        """The most that may be read."""
        super().__init__(f"has more than {most_bytes:,} bytes")


class AbsentError(Exception):
    """A conditional PUT found nothing to replace."""
