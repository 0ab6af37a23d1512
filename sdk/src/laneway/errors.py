"""What the client raises. Each message tells the reader what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway.schema.job.result import Result


class LanewayError(Exception):
    """The base of everything the client raises, `InvalidJob` and `TimeoutError` aside."""


class PoolUnavailable(LanewayError):
    """The pool can't be reached, or refuses."""


class IdReused(LanewayError):
    """The id belongs to another request already."""


class ResultOfAnotherRequest(LanewayError):
    """The result under the id belongs to another request, which somebody else sent under the same id."""

    def __init__(self, result: Result) -> None:
        """Nothing of the other request's answer is kept."""
        error = result.error
        unread = f" (it could not be read: {error.code})" if error is not None and result.request_hash is None else ""
        super().__init__(
            f"the result of {result.id} is of another message{unread}, not of your request: whoever may send to the "
            "pool can use any id. Send yours under an id that nobody guesses: leave it out"
        )
        self.id = result.id


class JobNotSent(LanewayError):
    """SQS has refused the job, so nobody will answer it."""


class UnknownJob(LanewayError):
    """There is neither a job nor a result of this id."""


class _Ended(LanewayError):
    def __init__(self, result: Result) -> None:
        error = result.error
        super().__init__(f"{result.id} {result.status}: {error.message} ({error.code}). {error.fix}" if error else "")
        self.result = result


class JobFailed(_Ended):
    """The job ended without an answer; `result` says why."""


class JobExpired(_Ended):
    """The job's deadline passed."""


class JobCancelled(_Ended):
    """The job was cancelled."""
