"""Why the gateway does not take a request, or no longer holds it."""

from __future__ import annotations


class DoorError(Exception):
    """`str()` is for the client, and tells what to do."""


class TooManyHeld(DoorError):
    """The tenant, or the pod, holds as many requests as it may: 429."""


class TooMuchHeld(DoorError):
    """What the tenant's requests need in memory is as much as it may be now: 429."""


class QuotaExceeded(DoorError):
    """The tenant has used what it may: 429."""

    def __init__(self, message: str, quota: str, seconds: int | None) -> None:
        """`quota` is the one that is used up, by its name in the keys file; `seconds` are until a new day begins, None
        of what may be free in any moment.
        """
        super().__init__(message)
        self.quota = quota
        self.seconds = seconds


class PoolUnreachable(DoorError):
    """SQS or S3 does not answer, or refuses: 503."""


class Stopping(PoolUnreachable):
    """This process takes nothing more: 503, and the same request may go to another one."""


class UnknownJob(DoorError):
    """There is no such job of this tenant: 404."""


class IdempotencyKeyReused(DoorError):
    """The tenant has used the `Idempotency-Key` for another request: 422."""
