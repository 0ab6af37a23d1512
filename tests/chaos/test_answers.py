"""Each promise to who asks a gateway that a run could break is noticed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import ErrorDetail, Result, ServedModel, Timing
from laneway_gateway.held.ids import new_gateway_id, new_id
from support.chaos.asking.asks import EMBEDS, OPENAI, WAVE, WHOLE, Ask, Door, Leaves, asks
from support.chaos.asking.ends import JOB_ID, End, Heard, Outcome
from support.chaos.engine import Begun
from support.chaos.judge.answers import Found, answer_figures, violations
from support.chaos.plan import answer, vector

AT = datetime(2026, 1, 1, tzinfo=UTC)
STREAM = Ask(0, Door.CHAT, streamed=True, key=0, tokens=3)
EMBED = Ask(1, Door.EMBEDDING, streamed=False, key=0, tokens=3)
JOB = Ask(2, Door.JOB, streamed=False, key=0, tokens=3)
GONE = replace(STREAM, number=3, leaves=Leaves.GOES)
KEPT = replace(STREAM, number=4, leaves=Leaves.KEEPS)


def text(ask: Ask) -> str:
    return "".join(answer(ask.job.prompt))


def result(job: str, **fields: Any) -> Result:
    timing = Timing(submitted_at=AT, received_at=AT, finished_at=AT, queued_seconds=0, run_seconds=0)
    told: dict[str, Any] = {"status": "succeeded"} | fields
    return Result(id=job, model=ServedModel(name="stub"), timing=timing, pool="a/b", lane="main", **told)


CRASHED = result("job-0", status="failed", error=ErrorDetail.of(ErrorCode.ENGINE_CRASHED, "no"))
CANCELLED = {"status": "cancelled", "error": ErrorDetail.of(ErrorCode.CANCELLED, "no")}
LEFT = Heard("job-3", text(GONE)[:5], end=End.LEFT)
RESULTS = {
    "job-0": result("job-0", text=text(STREAM)),
    "job-1": result("job-1", embeddings=[vector(EMBED.job.prompt)]),
    "job-2": result("job-2", text=text(JOB)),
    "job-3": result("job-3", **CANCELLED),
    "job-4": result("job-4", text=text(KEPT)),
}
OUTCOMES = (
    Outcome(STREAM, [Heard("job-0", text(STREAM), first_at=1.0)]),
    Outcome(EMBED, [Heard("job-1", vector=vector(EMBED.job.prompt))]),
    Outcome(JOB, [Heard("job-2", end=End.ACCEPTED)], RESULTS["job-2"]),
    Outcome(GONE, [LEFT]),
    Outcome(KEPT, [replace(LEFT, job_id="job-4")]),
)
WELL = Found(
    outcomes=OUTCOMES,
    results=RESULTS,
    written=dict.fromkeys(RESULTS, 1),
    sent=set(RESULTS),
    left={"main": 0},
    begun=[Begun(STREAM.job.id, 0.5), Begun(STREAM.job.id, 2.0)],
    seen_by_others=[],
    ended_alone=[],
    kills=Counter(),
    wall_seconds=1.0,
)


def but_first(*calls: Heard, **fields: Any) -> dict[str, Any]:
    """The first request went so instead."""
    return {"outcomes": (Outcome(STREAM, list(calls), **fields), *OUTCOMES[1:])}


def without(job: str) -> dict[str, Any]:
    return {"results": {name: each for name, each in RESULTS.items() if name != job}}


BROKEN: list[tuple[dict[str, Any], str]] = [
    (but_first(Heard(end=End.BROKEN)), "ask-00000 is lost"),
    (but_first(Heard("job-0", end=End.TOLD)), "ask-00000 is lost"),
    (
        but_first(Heard("job-0", text(STREAM)[:-1])),
        "(openai chat) got another answer than its own",
    ),
    (
        but_first(Heard("job-0", end=End.BROKEN), result=RESULTS["job-2"]),
        "a result that is none of its own",
    ),
    (but_first(Heard("job-0", text(STREAM)), unknown=["job-9"]), "job-9 of ask-00000 is known to no gateway"),
    (without("job-0"), "job-0 of ask-00000 has no result"),
    (without("job-0"), "job-0 was sent and has no result"),
    (
        {"results": RESULTS | {"job-3": result("job-3", text="x")}},
        "was left (hangs up), and its job succeeded",
    ),
    ({"results": RESULTS | {"job-4": result("job-4", **CANCELLED)}}, "(hangs up, and wants the answer all the same)"),
    (
        {"results": RESULTS | {"job-5": result("job-5", text=text(JOB))}},
        "ask-00002 has an Idempotency-Key and became 2 jobs",
    ),
    ({"written": {**WELL.written, "job-1": 2}}, "the result of job-1 was written 2 times"),
    ({"left": {"main": 1}}, "1 messages are stuck in main"),
    ({"seen_by_others": ["job-1"]}, "another key was told of job-1"),
    ({"ended_alone": ["gateway-0"]}, "gateway-0 ended by itself"),
]


def test_a_good_run_breaks_nothing() -> None:
    assert violations(WELL) == []


@pytest.mark.parametrize(("change", "words"), BROKEN)
def test_what_is_broken_is_told(change: dict[str, Any], words: str) -> None:
    assert any(words in each for each in violations(replace(WELL, **change)))


def test_a_job_that_two_dead_engines_ended_has_its_end() -> None:
    change = but_first(Heard("job-0", end=End.TOLD), result=CRASHED)
    assert violations(replace(WELL, **change, results=RESULTS | {"job-0": CRASHED})) == []


def test_figures_tell_how_each_request_ended() -> None:
    figures = answer_figures(WELL, [])
    assert figures["answers lost"] == 0
    assert figures["· answered, at once"] == 2
    assert figures["· left by the client"] == 2
    assert figures["· repaired: went on when what computed them had been killed"] == 1
    lost = replace(WELL, **but_first(Heard(end=End.BROKEN)))
    assert answer_figures(lost, ["one"])["answers lost"] == 1
    again = replace(WELL, **but_first(Heard(end=End.BROKEN), Heard("job-5", text(STREAM))))
    again = replace(again, results=RESULTS | {"job-5": result("job-5", text=text(STREAM))})
    assert answer_figures(again, [])["requests that became several jobs"] == 1


def test_a_plan_asks_at_every_door_and_kills_what_it_says() -> None:
    planned = asks(200, 24, 3)
    assert planned == asks(200, 24, 3)
    assert planned != asks(200, 24, 4)
    assert {each.door for each in planned} == set(Door)
    assert {each.leaves for each in planned} == set(Leaves)
    assert not any(each.streamed for each in planned if each.door in WHOLE)
    assert [each.blow.victim for each in planned if each.blow] == [*WAVE, *WAVE]
    assert set(EMBEDS) - set(OPENAI) == {Door.OLLAMA_EMBED}


def test_an_id_is_found_in_the_words_of_an_error() -> None:
    job_id = new_id(new_gateway_id())
    found = JOB_ID.search(f"there is no answer yet. Job: {job_id}")
    assert found is not None
    assert found.group() == job_id
