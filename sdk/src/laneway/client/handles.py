"""A submitted job, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, cast

from laneway.client.compose import instance_of
from laneway.client.results import answered

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from laneway.client.pool import Pool
    from laneway.client.results import Request
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.job.result import Result

    T = TypeVar("T", default=Any)  # Python 3.13 knows defaults
else:
    from typing import TypeVar

    T = TypeVar("T")


@dataclass(frozen=True)
class JobStatus:
    """How a job stands."""

    id: str
    state: Literal["not_sent", "queued", "running", "succeeded", "failed", "expired", "cancelled"]
    """`running` is told only where nothing waits in the lane; a job behind others is `queued` until its result. SQS has
    refused one that is `not_sent`."""
    lane: str | None
    waiting: int | None = None
    """About how many jobs wait in the lane."""
    estimate: Estimate | None = None
    """When one that came last would begin, where anybody can say."""

    def __str__(self) -> str:
        """As people say it."""
        if self.state != "queued" or self.waiting is None:
            return self.state.replace("_", " ")
        told = self.estimate and ", ".join(each for each in (self.estimate.range_words, self.estimate.note) if each)
        return f"queued; about {self.waiting} in the lane" + (f", {told}" if told else "")


@dataclass(frozen=True)
class JobHandle(Generic[T]):
    """A submitted job.

    One that `submit` made refuses a result of another request. One that is made from an id alone can't compare: it
    takes whatever stands under the id.
    """

    pool: Pool
    id: str
    returns: Any = None
    request: Request | None = None
    estimate: Estimate | None = None
    """When it was to begin, as it was sent; None where nobody could say."""

    def status(self) -> JobStatus:
        """How the job stands."""
        return self.pool.status(self.id)

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the answer, at most `timeout` seconds; raises JobFailed, JobExpired, JobCancelled, JobNotSent,
        TimeoutError, and `ResultOfAnotherRequest` where somebody else's request was answered under the id.
        """
        return answered(self.wait(timeout))

    def wait(self, timeout: float | None = None) -> Result:
        """Wait for the result however the job ended; raises `JobNotSent`, `ResultOfAnotherRequest` and TimeoutError."""
        return self.pool.own(self.pool.wait(self.id, timeout=timeout), self.request)

    def find(self) -> Result | None:
        """The result however the job ended; None before the end. Raises `ResultOfAnotherRequest`."""
        result = self.pool.find(self.id)
        return None if result is None else self.pool.own(result, self.request)

    def parsed(self, timeout: float | None = None) -> T:
        """The answer as the type that `submit` got as `returns` (a model, a dataclass, `list[…]`), else as JSON. Raises
        what `result` does, and pydantic's ValidationError where the type's own validators want more than its schema.
        """
        result = self.result(timeout)
        return cast("T", result.parsed) if self.returns is None else instance_of(self.returns, result.parsed)

    def cancel(self) -> None:
        """Ask the workers to cancel the job."""
        self.pool.cancel(self.id)
