from __future__ import annotations

import json
from typing import Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.translate.refused import Refused
from laneway_gateway.doors.native.requests import read_job
from support.inputs.documents import POOL_DOCUMENT
from support.inputs.offers import OFFERS

DOCUMENT = POOL_DOCUMENT.model_copy(update={"destinations": ("archive",)})


def read(of_key: dict[str, str] | None = None, /, **fields: Any) -> Any:
    return read_job(json.dumps(fields).encode(), OFFERS, DOCUMENT, of_key or {})


def test_a_job_is_taken_as_it_is() -> None:
    made = read(prompt="hi", destination="archive", labels={"a": "b"}, format="json")
    assert made.body == {"prompt": "hi", "destination": "archive", "labels": {"a": "b"}, "format": "json"}


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"prompt": "hi", "id": "invoice-1"}, ErrorCode.INVALID_JOB, "Idempotency-Key"),
        ({"prompt": "hi", "model": "gpt-4o"}, ErrorCode.UNKNOWN_MODEL, "use one of these"),
        ({"prompt": "hi", "destination": "other"}, ErrorCode.UNKNOWN_DESTINATION, "archive"),
        ({"input": "hi"}, ErrorCode.UNSUPPORTED, "does not support embedding"),
        ({"prompt": "hi", "n": 2}, ErrorCode.INVALID_JOB, "n"),
        ({"id": "a", "stored": True}, ErrorCode.INVALID_JOB, "stored"),
        ({"prompt": "x" * 1_100_000}, ErrorCode.BODY_TOO_LARGE, "1,040,384"),
    ],
)
def test_what_the_workers_would_refuse_is_refused_here(fields: dict[str, Any], code: ErrorCode, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        read(**fields)
    assert refused.value.code == code


def test_a_keys_labels_need_room_beside_the_jobs() -> None:
    own = {f"k{number}": "v" for number in range(16)}
    assert read({"k0": "key"}, prompt="hi", labels=own)
    with pytest.raises(Refused, match="at most 16 fit"):
        read({"team": "claims"}, prompt="hi", labels=own)


def test_who_has_no_lane_is_told_so() -> None:
    with pytest.raises(Refused, match="no lane"):
        read_job(b'{"prompt": "hi"}', (), DOCUMENT, {})
