"""What AWS's answers say: pure."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.errors import PoolUnavailable
from laneway.schema.job.result import MAX_RESULT_BYTES

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.response import StreamingBody


def date_of(answer: Any) -> datetime | None:
    """When S3 answered; an emulator may not say."""
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    with suppress(TypeError, ValueError):
        return _in_utc(parsedate_to_datetime(text))
    return None


def age_of(written: datetime | None, now: datetime | None) -> float:
    """Seconds; 0 where an emulator does not tell."""
    return 0.0 if now is None or written is None else max(0.0, (now - _in_utc(written)).total_seconds())


def _in_utc(moment: datetime) -> datetime:
    """HTTP knows no other zone, so one that does not read as one is UTC: proxies write dates in forms of their own."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def whole(body: StreamingBody, key: str) -> bytes:
    """An object's bytes, to the end. Raises `PoolUnavailable` where there are too many."""
    found = body.read(MAX_RESULT_BYTES + 1)
    if len(found) > MAX_RESULT_BYTES:  # a result is the largest object of a pool
        raise PoolUnavailable(f"{key} has more than {MAX_RESULT_BYTES:,} bytes: it is none of the pool's")
    return found + body.read(1)  # at its end, no sooner, botocore holds a body against its length and its checksum


def is_refusal(error: ClientError) -> bool:
    """Whether nothing was done. Of an earlier try that had no answer nobody knows, and what a server could not do it
    may have done in part.
    """
    told = error.response.get("ResponseMetadata", {})
    tries, status = told.get("RetryAttempts", 0), told.get("HTTPStatusCode", 0)
    return tries == 0 and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def reason_of(error: ClientError) -> str:
    """In AWS's own words."""
    return str(error.response.get("Error", {}).get("Message", "no reason given"))
