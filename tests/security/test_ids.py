"""Who knows an id sends something else under it: before, while and after the owner's job runs."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import History
from laneway.schema.job.job import Job
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.errors import Unavailable
from laneway_worker.ports.objects import Stored
from laneway_worker.testing.runtime import Held, answer
from support.worker.lane import BUCKET, Gate, Lane, documents_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_worker.testing.runtime import Step

OWN = b'{"id":"invoice-1","prompt":"Is it paid?"}'
OTHER = b'{"id":"invoice-1","prompt":"Say exactly: APPROVED"}'
GARBAGE = b'{"id":"invoice-1","x":1}'
POINTER = b'{"id":"invoice-1","stored":true}'
LATE = b'{"id":"invoice-1","prompt":"Is it paid?","expires_at":"2001-01-01T00:00:00Z"}'
DIVERTED = b'{"id":"invoice-1","prompt":"Is it paid?","destination":"legal"}'
LABELLED = b'{"id":"invoice-1","prompt":"Is it paid?","labels":{"team":"claims"}}'
FOREIGN = {"other": OTHER, "garbage": GARBAGE, "late": LATE, "diverted": DIVERTED, "labelled": LABELLED}


@pytest.fixture
def lanes() -> Iterator[list[Lane]]:
    made: list[Lane] = []
    yield made
    for lane in made:
        lane.close()
        assert lane.clock.errors == []


def owned_lane(lanes: list[Lane], *script: Step, stored: bytes = OWN, sent_to: str = "fast") -> Lane:
    """A lane whose pool holds the owner's request."""
    lane = Lane(documents_with(), *script)
    lanes.append(lane)
    lane.store.objects[BUCKET, "documents/jobs/invoice-1.json"] = Stored(stored, '"own"', {"lane": sent_to})
    lane.start()
    return lane


def forged(lane: Lane, body: bytes, job_id: str, replaces: str | None = None) -> str:
    """Send a body with a history that names an id."""
    history = History(id=job_id, submitted_at=lane.clock.now(), replaces=replaces)
    attribute = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history.to_attribute()}}
    message = lane.queue.send(body, attribute)
    lane.settle()
    return message


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_what_is_sent_before_the_owners_message_is_answered_under_its_message_id(
    lanes: list[Lane], body: bytes
) -> None:
    lane = owned_lane(lanes, answer("APPROVED"))
    squatter = lane.run(body)
    assert lane.has_result(squatter)
    assert not lane.has_result("invoice-1")
    lane.runtime.script = deque([answer("No.")])
    lane.run(OWN)
    assert (lane.result("invoice-1").text, lane.result(squatter).id) == ("No.", squatter)


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_what_is_sent_while_the_owners_job_runs_does_not_win(lanes: list[Lane], body: bytes) -> None:
    own = Gate(answer("No."))
    lane = owned_lane(lanes, own, answer("APPROVED"))
    lane.send(OWN)
    lane.settle()
    other = Lane(documents_with(), answer("APPROVED"))  # another worker of the same pool
    lanes.append(other)
    other.store.objects = lane.store.objects
    other.start()
    squatter = other.run(body)
    assert not lane.has_result("invoice-1")
    lane.let_go(own)
    assert lane.result("invoice-1").text == "No."
    assert lane.has_result(squatter)


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_what_is_sent_after_the_owners_job_changes_nothing(lanes: list[Lane], body: bytes) -> None:
    lane = owned_lane(lanes, answer("No."), answer("APPROVED"))
    lane.run(OWN)
    before = dict(lane.store.objects)
    squatter = lane.run(body)
    assert lane.has_result(squatter)
    assert {key: lane.store.objects[key] for key in before} == before


@pytest.mark.parametrize("body", [b'{"prompt":"Say exactly: APPROVED"}', b'{"x":1}', b"\xff", OTHER])
def test_an_id_in_a_forged_history_is_no_better(lanes: list[Lane], body: bytes) -> None:
    lane = owned_lane(lanes, answer("APPROVED"))
    squatter = forged(lane, body, "invoice-1")
    assert lane.has_result(squatter)
    assert not lane.has_result("invoice-1")


def test_a_message_that_names_two_owned_ids_gets_neither(lanes: list[Lane]) -> None:
    lane = owned_lane(lanes, answer("APPROVED"))
    lane.store_object("jobs/invoice-2.json", b'{"id":"invoice-2","prompt":"And this one?"}')
    squatter = forged(lane, OTHER, "invoice-2")
    assert [key for _, key in lane.store.objects if "/results/" in key] == [f"documents/results/{squatter}.json"]


@pytest.mark.parametrize("body", [OWN, POINTER], ids=["body", "pointer"])
def test_a_request_that_was_sent_to_another_lane_is_not_answered_by_this_one(lanes: list[Lane], body: bytes) -> None:
    lane = owned_lane(lanes, sent_to="slow")
    squatter = lane.run(body)
    assert lane.has_result(squatter)
    assert not lane.has_result("invoice-1")


def test_nor_with_an_etag_that_is_made_up(lanes: list[Lane]) -> None:
    lane = owned_lane(lanes, sent_to="slow")
    forged(lane, POINTER, "invoice-1", replaces='"made-up"')
    assert not lane.has_result("invoice-1")


def test_a_persons_retry_may_go_to_another_lane(lanes: list[Lane]) -> None:
    lane = owned_lane(lanes, sent_to="slow")
    etag = lane.store_object("results/invoice-1.json", expired(lanes))
    forged(lane, OWN, "invoice-1", replaces=etag)
    assert lane.result("invoice-1").status == "succeeded"


def expired(lanes: list[Lane]) -> bytes:
    """The owner's request, expired in its own lane."""
    lane = owned_lane(lanes, stored=LATE)
    lane.run(LATE)
    return lane.store.objects[BUCKET, "documents/results/invoice-1.json"].body


@pytest.mark.parametrize(
    "body", [OWN, POINTER, b'{"prompt": "Is it paid?", "id": "invoice-1"}'], ids=["bytes", "pointer", "other spaces"]
)
def test_the_owners_request_is_answered_under_its_id(lanes: list[Lane], body: bytes) -> None:
    lane = owned_lane(lanes)
    lane.run(body)
    assert lane.result("invoice-1").status == "succeeded"
    assert lane.result("invoice-1").request_hash == Job(prompt="Is it paid?").request_hash("gemma3:270m")


def test_an_owner_whose_request_is_too_new_for_the_worker_is_told_under_its_id(lanes: list[Lane]) -> None:
    newer = b'{"id":"invoice-1","prompt":"Is it paid?","shiny":true}'
    lane = owned_lane(lanes, stored=newer)
    lane.run(newer)
    assert lane.code("invoice-1") == "invalid_job"


def test_where_nothing_is_stored_the_first_sender_has_the_id(lanes: list[Lane]) -> None:
    lane = owned_lane(lanes)
    lane.run(b'{"id": "raw-1", "prompt": "Capital of Peru?"}')
    lane.run(b'{"id": "raw-2", "promt": "Capital of Peru?"}')
    assert (lane.result("raw-1").status, lane.code("raw-2")) == ("succeeded", "invalid_job")


def test_a_request_that_is_stored_while_another_runs_under_its_id_is_still_its_owners(lanes: list[Lane]) -> None:
    running = Gate(answer("APPROVED"))
    lane = Lane(documents_with(), running)
    lanes.append(lane)
    lane.start()
    squatter = lane.run(OTHER)
    lane.store_object("jobs/invoice-1.json", OWN)
    lane.pass_time(25)
    lane.let_go(running)
    assert lane.has_result(squatter)
    assert not lane.has_result("invoice-1")


def test_what_fails_under_its_message_id_is_kept_there(lanes: list[Lane]) -> None:
    lane = owned_lane(lanes)
    squatter = lane.run(GARBAGE)
    kept = FailedJob.model_validate_json(lane.store.objects[BUCKET, f"documents/failed/{squatter}.json"].body)
    assert (kept.id, kept.body.encode()) == (squatter, GARBAGE)
    assert (BUCKET, "documents/failed/invoice-1.json") not in lane.store.objects


def test_an_attempt_that_is_made_again_keeps_its_first_message_id(lanes: list[Lane]) -> None:
    lane = owned_lane(lanes)
    first = "0b1c"
    forged(lane, OTHER, first)
    assert lane.has_result(first)
    assert not lane.has_result("invoice-1")


def test_the_look_costs_the_owner_no_latency(lanes: list[Lane]) -> None:
    held = Held()
    lane = owned_lane(lanes, held)
    lane.run(OWN)
    looked = lane.store.calls.count("get documents/jobs/invoice-1.json")
    lane.let_go(held)
    assert looked == 1
    assert lane.store.calls.count("get documents/jobs/invoice-1.json") == 1


def test_an_outcome_waits_until_it_is_known_whose_the_id_is(lanes: list[Lane]) -> None:
    own = Gate(answer("APPROVED"))
    lane = owned_lane(lanes, own)
    lane.store.down, lane.store.refusal = True, Unavailable("S3 is away")
    squatter = lane.run(OTHER)
    lane.let_go(own)
    assert not lane.has_result("invoice-1")
    lane.store.down = False
    lane.pass_time(40)
    assert json.loads(lane.store.objects[BUCKET, f"documents/results/{squatter}.json"].body)["text"] == "APPROVED"
    assert not lane.has_result("invoice-1")
