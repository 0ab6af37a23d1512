from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from laneway.schema.pool.documents.model_facts import MAX_FACTS_BYTES, ModelFacts
from laneway_worker.errors import Refused
from laneway_worker.ports.objects import Stored
from laneway_worker.testing.memory import MemoryStore
from support.inputs.offers import facts
from support.worker.lane import BUCKET

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

KEY = "documents/models/fast.json"
KNOWN = facts("gemma3:270m", ["completion"])
OTHER = facts("gemma3:270m", ["completion", "tools"])


def told(lane: Lane) -> ModelFacts:
    return ModelFacts.model_validate_json(lane.store.objects[BUCKET, KEY].body)


def writes(lane: Lane) -> int:
    return len([each for each in lane.journal if KEY in each])


def known(make_lane: MakeLane, there: bytes | None = None) -> Lane:
    lane = make_lane(start=False)
    lane.runtime.known = KNOWN
    if there is not None:
        MemoryStore.put(lane.store, BUCKET, KEY, there)
    lane.start()
    return lane


def test_what_is_known_of_a_loaded_model_is_written_once(make_lane: MakeLane) -> None:
    lane = known(make_lane)
    lane.pass_time(120)
    assert (told(lane), writes(lane)) == (KNOWN, 1)
    assert lane.store.calls.count(f"get {KEY}") == 1


def test_of_a_model_that_is_not_loaded_nothing_is_known(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.known, lane.runtime.loaded = KNOWN, False
    lane.start()
    lane.pass_time(60)
    assert writes(lane) == 0


def test_another_model_is_written_in_the_place_of_the_first(make_lane: MakeLane) -> None:
    lane = known(make_lane, OTHER.model_dump_json().encode())
    assert told(lane) == KNOWN
    lane.runtime.known = OTHER
    lane.pass_time(20)
    assert told(lane) == OTHER


def test_what_another_worker_of_the_lane_has_said_stands(make_lane: MakeLane) -> None:
    assert KNOWN.modified_at is not None
    same = KNOWN.model_copy(update={"modified_at": KNOWN.modified_at + timedelta(days=1)})
    lane = known(make_lane, same.model_dump_json().encode())
    assert (told(lane), writes(lane)) == (same, 0)


@pytest.mark.parametrize("there", [b"", b"[]", b"{}", b"x" * (MAX_FACTS_BYTES + 1)])
def test_what_is_no_such_document_gives_way(make_lane: MakeLane, there: bytes) -> None:
    assert told(known(make_lane, there)) == KNOWN


def test_who_is_overtaken_looks_again_later(make_lane: MakeLane) -> None:
    lane = known(make_lane, OTHER.model_dump_json().encode())
    lane.store.objects[BUCKET, KEY] = Stored(OTHER.model_dump_json().encode(), '"another"')
    lane.runtime.known = KNOWN.model_copy(update={"size": 1})
    lane.pass_time(60)
    assert told(lane).size == 1


def test_a_refusal_is_logged_and_costs_no_job(make_lane: MakeLane, caplog: pytest.LogCaptureFixture) -> None:
    lane = make_lane(start=False)
    lane.runtime.known = KNOWN
    lane.store.refusal, lane.store.down = Refused("GetObject was refused: AccessDenied", "allow it"), True
    lane.start()
    lane.pass_time(20)
    lane.store.down = False
    lane.run(id="a")
    assert lane.result("a").status == "succeeded"
    assert [each.getMessage() for each in caplog.records if "known of the model" in each.getMessage()] == [
        f"what is known of the model can't be written to {KEY}: GetObject was refused: AccessDenied; allow it"
    ]
    lane.pass_time(60)
    assert told(lane) == KNOWN


def test_a_defect_costs_no_job(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.known = KNOWN
    lane.store.refusal, lane.store.down = ZeroDivisionError(), True
    lane.start()
    lane.store.down = False
    lane.run(id="a")
    assert lane.result("a").status == "succeeded"
