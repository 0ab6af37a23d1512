"""What a running worker makes of a live document that changes under it."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from laneway_worker.live import LOOK_SECONDS, read_live, unknown_fields
from laneway_worker.testing.runtime import Held, answer
from support.worker.lane import TOPIC, Gate, documents_with

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

OTHER_TOPIC = f"{TOPIC}-other"
LIVE = json.loads(documents_with().live.model_dump_json())


def edited(lane: Lane, limits: dict[str, Any] | None = None, **fields: Any) -> None:
    """The document is another one, and the worker has had the time to read it."""
    lane.live.body = json.dumps(LIVE | {"limits": LIVE["limits"] | (limits or {})} | fields).encode()
    lane.pass_time(LOOK_SECONDS)


def told(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [
        each.getMessage() for each in caplog.records if each.name == "laneway_worker.live" and each.levelno == level
    ]


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


# Each field, by what it does


def test_the_price_of_a_job_is_that_of_its_start(make_lane: MakeLane) -> None:
    running = Gate(answer("Paris"))
    later = Gate(answer("Paris"))
    lane = make_lane(running, later, price_per_hour=1.0)
    lane.run(id="before")
    edited(lane, price_per_hour=100.0)
    lane.let_go(running)
    lane.run(id="after")
    lane.pass_time(60)
    lane.let_go(later)
    assert paid_per_hour(lane, "before") == pytest.approx(1.0)
    assert paid_per_hour(lane, "after") == pytest.approx(100.0)


def paid_per_hour(lane: Lane, job_id: str) -> float:
    cost = lane.result(job_id).cost
    assert cost is not None
    assert cost.usd is not None
    return cost.usd / cost.gpu_seconds * 3600


def test_a_destination_that_is_added_is_known_and_one_that_is_removed_is_not(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", destination="archive")
    assert lane.code("a") == "unknown_destination"
    edited(lane, destinations={"archive": {"bucket": "acme-archive", "prefix": "llm/"}})
    lane.run(id="b", destination="archive")
    lane.run(id="c", destination="legal")
    assert lane.result("b").output is not None
    assert [bucket for bucket, _ in lane.store.objects if bucket != "acme-llm"] == ["acme-archive"]
    assert lane.code("c") == "unknown_destination"


def test_a_job_is_brought_to_the_destination_that_was_there_when_it_started(make_lane: MakeLane) -> None:
    running = Gate(answer("Paris"))
    lane = make_lane(running)
    lane.run(id="a", destination="legal")
    edited(lane, destinations={})
    lane.let_go(running)
    assert lane.result("a").status == "succeeded"
    assert "acme-legal" in {bucket for bucket, _ in lane.store.objects}


def test_who_is_told_is_asked_when_it_is_told(make_lane: MakeLane) -> None:
    running = Gate(answer("Paris"))
    lane = make_lane(running)
    lane.run(id="a")
    edited(lane, topic_arn=OTHER_TOPIC)
    lane.let_go(running)
    edited(lane, topic_arn=None)
    lane.run(id="b")
    assert ([note.id for note in lane.notifier.published], lane.notifier.topics) == (["a"], [OTHER_TOPIC])
    assert lane.has_result("b")


def test_a_running_job_keeps_its_timeout_and_the_next_has_the_new_one(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), Held(), limits={"timeout_seconds": 600, "max_attempts": 1})
    lane.run(id="before")
    edited(lane, {"timeout_seconds": 60, "max_attempts": 1})
    lane.pass_time(300)
    assert not lane.has_result("before")
    lane.pass_time(300)
    assert lane.code("before") == "timed_out"
    lane.run(id="after")
    lane.pass_time(65)
    assert lane.code("after") == "timed_out"


def test_jobs_expire_by_what_holds_when_they_start(make_lane: MakeLane) -> None:
    lane = make_lane()
    edited(lane, suspended=True)
    lane.run(id="a")
    lane.pass_time(600, 60)
    edited(lane, {"expires_after_seconds": 300})
    lane.pass_time(30)
    assert lane.result("a").status == "expired"


def test_attempts_and_tokens_are_those_of_the_next_attempt(make_lane: MakeLane) -> None:
    lane = make_lane()
    edited(lane, {"max_tokens": 7})
    lane.run(id="a", options={"num_predict": 100})
    assert lane.runtime.requests[-1].body["options"]["num_predict"] == 7


def test_a_suspended_lane_starts_nothing_finishes_what_runs_and_goes_on(make_lane: MakeLane) -> None:
    running = Gate(answer("Paris"))
    lane = make_lane(running)
    lane.run(id="before")
    edited(lane, suspended=True)
    lane.let_go(running)
    assert lane.has_result("before")
    lane.pass_time(30)
    lane.run(id="during")
    lane.pass_time(60)
    assert not lane.has_result("during")
    edited(lane)
    lane.pass_time(10)
    assert lane.has_result("during")


def test_a_quiet_schedule_is_obeyed_from_the_next_look_on(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.pass_time(30)
    start, end = (lane.clock.now() + timedelta(hours=hours) for hours in (-1, 1))
    edited(lane, quiet=[{"timezone": "UTC", "start": f"0 {start.hour} * * *", "end": f"0 {end.hour} * * *"}])
    lane.pass_time(30)
    lane.run(id="a")
    lane.pass_time(60)
    assert not lane.has_result("a")
    edited(lane)
    lane.pass_time(10)
    assert lane.has_result("a")


# A document that can't be used


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "there is none"),
        (b"", "EOF"),
        (json.dumps(LIVE).encode()[:80], "EOF"),
        (b"[]", "should be an object"),
        (b"null", "should be an object"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "recursion"),
        (json.dumps(LIVE | {"limits": {}}).encode(), "limits.timeout_seconds: is missing"),
        (json.dumps(LIVE | {"limits": LIVE["limits"] | {"max_tokens": 0}}).encode(), "limits.max_tokens: should be"),
        (json.dumps(LIVE | {"price_per_hour": "1.0"}).encode(), "price_per_hour: should be a number, without quotes"),
        (
            json.dumps(
                LIVE | {"quiet": [{"timezone": "Mars/Base", "start": "0 1 * * *", "end": "0 2 * * *"}]}
            ).encode(),
            "time zone",
        ),
        (json.dumps(LIVE | {"version": 2}).encode(), "version: should be 1"),
    ],
)
def test_a_document_that_cannot_be_used_changes_nothing_and_is_told_once(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture, body: bytes | None, words: str
) -> None:
    lane = make_lane(price_per_hour=1.0)
    lane.live.body = body
    lane.pass_time(60)
    (line,) = told(caplog)
    assert "what was read before holds until it is mended" in line
    assert words in line
    lane.run(id="a")
    assert lane.has_result("a")
    edited(lane, price_per_hour=2.0)
    assert "the live document can be used again" in told(caplog, logging.INFO)


def test_a_worker_that_is_older_than_its_operator_passes_over_what_it_does_not_know(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture
) -> None:
    lane = make_lane()
    place = {"bucket": "acme-legal", "prefix": "llm/", "storage_class": "GLACIER"}
    edited(lane, {"max_images": 3, "max_tokens": 7}, weight=2, destinations={"legal": place})
    lane.pass_time(60)
    (record,) = [
        each for each in caplog.records if each.name == "laneway_worker.live" and each.levelno == logging.WARNING
    ]
    assert getattr(record, "fields") == {"unknown": ["destinations.legal.storage_class", "limits.max_images", "weight"]}  # noqa: B009 - mypy knows none of it
    lane.run(id="a", destination="legal")
    assert lane.has_result("a")
    assert lane.runtime.requests[-1].body["options"]["num_predict"] == 7


def test_a_change_is_told_once_by_the_names_of_what_changed(
    make_lane: MakeLane, caplog: pytest.LogCaptureFixture
) -> None:
    lane = make_lane()
    edited(lane, topic_arn=OTHER_TOPIC, suspended=True)
    lane.pass_time(60)
    found = [getattr(each, "fields", {}) for each in caplog.records if each.name == "laneway_worker.live"]
    assert found == [{"changed": ["topic_arn", "suspended"]}]


def test_the_same_words_in_another_order_are_no_change(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    lane = make_lane()
    lane.live.body = json.dumps(dict(reversed(LIVE.items())), indent=4).encode()
    lane.pass_time(60)
    assert [each for each in caplog.records if each.name == "laneway_worker.live"] == []


def test_a_worker_that_starts_is_as_tolerant_as_one_that_runs() -> None:
    assert read_live(json.dumps(LIVE | {"weight": 2}).encode()) == documents_with().live
    with pytest.raises(ValidationError):
        read_live(b"{}")


def test_what_is_unknown_is_named_by_its_place() -> None:
    assert list(unknown_fields({"a": [{"b": 1, "c": 2}], "d": {}}, {"a": [{"b": 1}]})) == ["a[].c", "d"]
    assert list(unknown_fields({"x\n" * 100: 1}, {})) == ["x?" * 40]
