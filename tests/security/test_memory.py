"""Jobs and objects that are to fill the worker's memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.job.failed_job import MAX_FAILED_BYTES, FailedJob
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import MAX_EMBEDDING_NUMBERS
from laneway.schema.job.result import MAX_RESULT_BYTES
from laneway_worker.errors import Unavailable
from laneway_worker.ports.runtime import Answer
from laneway_worker.testing.runtime import answer
from support.worker.lane import BUCKET, Lane, documents_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway_worker.testing.runtime import Step

    MakeLane = Callable[..., Lane]

NUMBER_BYTES = 16  # of JSON: sign, nine digits, their point and zeros or exponent, and the comma behind
LONGEST = -0.000123456789
TEXTS = 2048
KEY = "documents/results/a.json"
CHAT = b'{"id": "a", "messages": [{"role": "user"}]}'


@pytest.fixture
def make_lane() -> Iterator[MakeLane]:
    """Builds lanes with a running worker; afterwards every thread has ended and none has raised."""
    lanes: list[Lane] = []

    def make(*script: Step) -> Lane:
        lanes.append(Lane(documents_with(), *script))
        lanes[-1].start()
        return lanes[-1]

    yield make
    for lane in lanes:
        lane.close()
        assert lane.clock.errors == []


def embedding(job_id: str, **fields: str) -> bytes:
    return json.dumps({"id": job_id, "input": ["x"] * TEXTS, **fields}).encode()


def embedded(*vectors: list[float]) -> Answer:
    return Answer(1, 0, None, None, embeddings=list(vectors))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-1, max_value=1))
def test_a_number_of_an_embedding_takes_at_most_sixteen_bytes(number: float) -> None:
    shortest = float(f"{number:.9g}")  # Go writes a float32 by the fewest digits that tell it: nine at most
    assert len(json.dumps(shortest)) + len(",") <= NUMBER_BYTES
    assert len(json.dumps(LONGEST)) + len(",") == NUMBER_BYTES


def test_the_largest_embeddings_are_stored_and_found_again_by_the_next_delivery(make_lane: MakeLane) -> None:
    vector = [LONGEST] * (MAX_EMBEDDING_NUMBERS // TEXTS)
    lane = make_lane(embedded(*[vector] * TEXTS))
    lane.run(embedding("a"))
    stored = lane.store.objects[BUCKET, KEY].body
    assert 31 * 1024 * 1024 < len(stored) <= MAX_RESULT_BYTES
    lane.run(embedding("a"))
    assert (lane.ended("committed"), lane.ended("duplicate")) == (1, 1)
    assert lane.queue.messages == {}


def test_an_answer_that_could_not_be_read_again_is_refused_and_told(make_lane: MakeLane) -> None:
    lane = make_lane(Answer(1, 1, "stop", None, text="x" * MAX_RESULT_BYTES))
    lane.run(id="a")
    error = lane.result("a").error
    assert error is not None
    assert error.code.value == "invalid_job"
    assert f"at most {MAX_RESULT_BYTES:,} are stored; ask for less in one job" in error.message


def called(arguments: object) -> Answer:
    """The answer of a model that calls a tool."""
    calls = [{"function": {"name": "f", "arguments": arguments}}]
    return Answer(1, 1, "stop", None, message={"role": "assistant", "content": "", "tool_calls": calls})


def nested(levels: int) -> object:
    return {"a": nested(levels - 1)} if levels else 1


@pytest.mark.parametrize("levels", [31, 190, 200, 240, 300])
def test_an_answer_is_stored_only_where_it_can_be_read_again(make_lane: MakeLane, levels: int) -> None:
    lane = make_lane(called(nested(levels)), answer("a"))
    lane.run(CHAT)
    lane.pass_time(300)
    assert lane.result("a").status == "succeeded"
    assert [each.code for each in lane.result("a").failures] == ([] if levels < 195 else ["engine_error"])


@pytest.mark.parametrize(("size", "code"), [(MAX_BODY_BYTES, "invalid_job"), (MAX_BODY_BYTES + 1, "body_too_large")])
def test_a_stored_body_is_read_up_to_what_a_message_may_hold(make_lane: MakeLane, size: int, code: str) -> None:
    lane = make_lane()
    lane.store_object("jobs/a.json", bytes(size))
    lane.run(b'{"id": "a", "stored": true}')
    assert lane.code("a") == code


def test_what_is_no_result_by_its_size_is_left_to_a_person(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store_object("results/a.json", bytes(MAX_RESULT_BYTES + 1))
    lane.run(id="a")
    assert lane.notifier.published == []
    assert len(lane.queue.messages) == 1


def test_what_is_no_failed_job_by_its_size_gives_way_to_one(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store_object("failed/a.json", bytes(MAX_FAILED_BYTES + 1))
    lane.run(id="a", unknown="field")
    kept = FailedJob.model_validate_json(lane.store.objects[BUCKET, "documents/failed/a.json"].body)
    assert kept.error.code.value == "invalid_job"


def test_the_largest_failed_job_can_be_read_again(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(b"\x01" * (MAX_BODY_BYTES + 8 * 1024))  # SQS takes no such characters; whatever stands in for it may
    (key,) = (key for _, key in lane.store.objects if key.startswith("documents/failed/"))
    assert len(lane.store.objects[BUCKET, key].body) <= MAX_FAILED_BYTES


def test_large_outputs_do_not_pile_up_before_a_destination_that_refuses(make_lane: MakeLane) -> None:
    lane = make_lane(*[embedded([0.5])] * 4)
    lane.store.refusals["acme-legal"] = Unavailable("PutObject was refused: SlowDown")
    for name in "abcd":
        lane.run(embedding(name, destination="legal"))
    assert len(lane.runtime.requests) <= 2  # one more may have come before the first began to wait
    del lane.store.refusals["acme-legal"]
    lane.pass_time(60)
    assert [lane.result(name).status for name in "abcd"] == ["succeeded"] * 4
