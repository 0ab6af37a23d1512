from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import MAX_ATTRIBUTE_BYTES, MAX_FAILURES, Failure, History, read_history
from support.inputs.jobs import IDS, PROPERTY, TEXT, TIMES

SENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAILURES = st.builds(
    Failure,
    attempt=st.integers(1, 1000),
    code=st.sampled_from(ErrorCode),
    message=TEXT,
    worker=TEXT,
    at=TIMES,
)
HISTORIES = st.builds(
    History, id=IDS, submitted_at=TIMES, failures=st.lists(FAILURES, max_size=MAX_FAILURES).map(tuple)
)


def read(attribute: str | None) -> History:
    return read_history(attribute, "message-1", SENT)


FRESH = History(id="message-1", submitted_at=SENT)


@PROPERTY
@given(HISTORIES)
def test_a_history_that_fits_survives_being_sent(history: History) -> None:
    read_back = read_history(history.to_attribute(), "other", history.submitted_at)
    kept = len(read_back.failures)
    assert read_back == history.model_copy(update={"failures": history.failures[len(history.failures) - kept :]})
    assert kept == len(history.failures) or len(history.model_dump_json().encode()) > MAX_ATTRIBUTE_BYTES


@PROPERTY
@given(HISTORIES, st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), max_size=30))
def test_an_attribute_never_exceeds_its_share_of_the_message(history: History, messages: list[str]) -> None:
    for message in messages:
        if history.attempts < 1000:
            history = history.with_failure(ErrorCode.STALLED, message, "worker", SENT)
    assert len(history.to_attribute().encode()) <= MAX_ATTRIBUTE_BYTES


def test_the_newest_failures_are_kept() -> None:
    history = FRESH
    for number in range(1, 41):
        history = history.with_failure(ErrorCode.STALLED, "ä" * 300, "w" * 128, SENT + timedelta(seconds=number))
    assert history.attempts == 40
    assert len(history.failures) == MAX_FAILURES
    assert read(history.to_attribute()).failures[-1] == history.failures[-1]


def test_attempts_are_counted_from_one() -> None:
    once = FRESH.with_failure(ErrorCode.TIMED_OUT, "slow", "worker-1", SENT)
    twice = once.with_failure(ErrorCode.STALLED, "stuck", "worker-2", SENT)
    assert FRESH.attempts == 0
    assert [(each.attempt, each.code, each.worker) for each in twice.failures] == [
        (1, ErrorCode.TIMED_OUT, "worker-1"),
        (2, ErrorCode.STALLED, "worker-2"),
    ]


def test_long_texts_of_a_failure_are_cut() -> None:
    failure = FRESH.with_failure(ErrorCode.STALLED, "m" * 5000, "w" * 5000, SENT).failures[0]
    assert (len(failure.message), len(failure.worker)) == (300, 128)


def forged(**changes: object) -> str:
    return json.dumps({"id": "a", "submitted_at": "2026-11-22T11:00:00Z", "failures": []} | changes)


def failure(**changes: object) -> dict[str, object]:
    return {"attempt": 1, "code": "stalled", "message": "m", "worker": "w", "at": "2026-11-22T11:00:00Z"} | changes


@pytest.mark.parametrize(
    "attribute",
    [
        None,
        "",
        "garbage",
        "null",
        "[]",
        "{}",
        "[" * 4000,
        "\x00",
        forged(id="../a"),
        forged(id=7),
        forged(id=""),
        forged(submitted_at="2026-11-22T11:00:00"),
        forged(submitted_at="long ago"),
        forged(replaces="e" * 129),
        forged() + " " * MAX_ATTRIBUTE_BYTES,
    ],
)
def test_a_bad_attribute_counts_as_none(attribute: str | None) -> None:
    assert read(attribute) == FRESH


@pytest.mark.parametrize(
    "failures",
    [
        [failure(attempt=0)],
        [failure(attempt=1001)],
        [failure(code="of a newer worker")],
        [failure(message="m" * 301)],
        [failure(worker="w" * 129)],
        [failure(at="2026-11-22T11:00:00")],
        [failure()] * (MAX_FAILURES + 1),
        "none",
    ],
)
def test_failures_that_cannot_be_read_cost_a_job_neither_its_id_nor_what_it_replaces(failures: object) -> None:
    history = read(forged(failures=failures, replaces='"etag"'))
    assert (history.id, history.submitted_at.hour, history.replaces) == ("a", 11, '"etag"')
    assert history.failures == ()


def test_what_newer_workers_add_is_passed_over() -> None:
    assert read(forged(more=1, failures=[failure(more=1)])).attempts == 1


@PROPERTY
@given(st.text())
def test_no_text_of_an_attribute_raises(attribute: str) -> None:
    assert read(attribute) == FRESH


def test_a_good_attribute_counts() -> None:
    history = read(forged(failures=[failure(attempt=2)]))
    assert (history.id, history.submitted_at, history.attempts) == ("a", SENT - timedelta(hours=1), 2)


def test_a_submission_after_the_message_was_sent_is_clamped() -> None:
    assert read(forged(submitted_at="2099-01-01T00:00:00Z")).submitted_at == SENT
