from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import MAX_ATTRIBUTE_BYTES, History, read_history
from laneway.schema.job.job import InvalidJob, Job, parse_job
from laneway.schema.pool.file import PoolFileError, read_pools
from laneway.schema.pool.pool import parse_pool
from laneway.schema.shared.base import duration_seconds
from laneway.schema.shared.problems import problems
from support.inputs.jobs import NON_EMPTY, PROPERTY, TIMES
from support.inputs.pools import pool_with


@PROPERTY
@given(st.builds(Job, prompt=NON_EMPTY, expires_at=TIMES))
def test_a_deadline_survives_being_sent(job: Job) -> None:
    assert parse_job(job.to_body()) == job


def test_a_deadline_without_a_zone_is_refused_for_that_reason() -> None:
    with pytest.raises(InvalidJob, match="a time with its zone"):
        parse_job(b'{"prompt": "a", "expires_at": "2026-11-22T18:00:00"}')


def test_an_attribute_is_measured_in_bytes() -> None:
    sent = datetime(2026, 11, 22, 12, tzinfo=UTC)
    history = History(id="a", submitted_at=sent - timedelta(hours=1))
    for _ in range(8):
        history = history.with_failure(ErrorCode.STALLED, "\N{SNOWMAN}" * 300, "w", sent)
    attribute = history.model_dump_json()
    assert len(attribute) <= MAX_ATTRIBUTE_BYTES < len(attribute.encode())
    assert read_history(attribute, "m", sent) == History(id="m", submitted_at=sent)


def test_one_mistake_in_a_lane_is_one_problem() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_pool(pool_with(lane={"paralel": 2}))
    assert problems(caught.value) == "spec.lanes[0].paralel: unknown field"


@pytest.mark.parametrize(
    "text", ["{spec: {? [a, b] : 1}}", "spec: &around [*around]"], ids=["key that is no text", "cycle"]
)
def test_yaml_that_is_no_json_is_refused_in_words(text: str) -> None:
    with pytest.raises(PoolFileError, match=r"pool.yaml:1: "):
        read_pools(text, "pool.yaml")


def test_a_duration_has_ascii_digits() -> None:
    with pytest.raises(ValueError, match="90s"):
        duration_seconds("\N{ARABIC-INDIC DIGIT THREE}m")
