"""The port `Checker`: a process of its own, and the fake in this one."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_worker.adapters.checker import ProcessChecker
from laneway_worker.answer.prepared import prepared
from laneway_worker.errors import Interrupted, JobError
from laneway_worker.testing.checker import DirectChecker
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_worker.ports.checker import Checker

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SECONDS = 30.0
MOST_ASKED_BYTES = 2 * 1024 * 1024
MOST_MEMORY_BYTES = 100 * 1024 * 1024


@pytest.fixture
def processes() -> Iterator[ProcessChecker]:
    made = ProcessChecker()
    yield made
    made.close()


@pytest.fixture(params=["process", "direct"])
def checker(request: pytest.FixtureRequest, processes: ProcessChecker) -> Checker:
    return processes if request.param == "process" else DirectChecker(prepared)


def test_an_answer_that_meets_its_schema_passes(checker: Checker) -> None:
    with checker.open(CITY) as schema:
        schema.check('{"city": "Zürich \\u00fc 😀"}')


@pytest.mark.parametrize("answer", ["{}", '{"city": 7}', "[]", '{"city": null}'])
def test_another_breaks_a_rule(checker: Checker, answer: str) -> None:
    with checker.open(CITY) as schema, pytest.raises(JobError, match="the answer breaks format/") as caught:
        schema.check(answer)
    assert (caught.value.code, caught.value.final) == (ErrorCode.FORMAT_NOT_MET, False)


def test_several_answers_are_checked_by_one_schema(checker: Checker) -> None:
    with checker.open(CITY) as schema:
        for answer in ('{"city": "a"}', '{"city": "b"}'):
            schema.check(answer)
            with pytest.raises(JobError):
                schema.check("{}")


@pytest.mark.parametrize("schema", [{"type": 7}, {"pattern": "("}, {"$ref": "#/nowhere"}, {"properties": []}], ids=str)
def test_a_schema_that_is_none_is_told_before_anything_is_generated(checker: Checker, schema: dict[str, Any]) -> None:
    with pytest.raises(JobError, match="is not usable as JSON Schema") as caught, checker.open(schema):
        pass
    assert caught.value.code is ErrorCode.INVALID_JOB


def test_schemas_of_several_jobs_are_open_at_once(checker: Checker) -> None:
    with checker.open(CITY) as first, checker.open({"type": "integer"}) as second:
        first.check('{"city": "a"}')
        second.check("1")
        with pytest.raises(JobError):
            second.check('{"city": "a"}')


def children(checker: ProcessChecker) -> list[psutil.Process]:
    assert checker._process is not None
    return psutil.Process(checker._process.pid).children()


def test_a_job_s_process_ends_with_it(processes: ProcessChecker) -> None:
    with processes.open(CITY):
        assert len(children(processes)) == 1
    eventually(lambda: not children(processes), SECONDS)


def test_a_job_whose_process_is_killed_between_is_checked_by_another(processes: ProcessChecker) -> None:
    with processes.open(CITY) as schema:
        (child,) = children(processes)
        child.kill()
        eventually(lambda: not children(processes), SECONDS)
        schema.check('{"city": "a"}')
        with pytest.raises(JobError, match="breaks"):
            schema.check("{}")


def test_the_checker_s_own_process_is_started_again(processes: ProcessChecker) -> None:
    with processes.open(CITY) as schema:
        schema.check('{"city": "a"}')
    assert processes._process is not None
    os.kill(processes._process.pid, signal.SIGKILL)
    processes._process.wait()
    with processes.open(CITY) as schema:
        schema.check('{"city": "a"}')


def test_signals_for_the_worker_do_not_end_it(processes: ProcessChecker) -> None:
    """A worker that drains still has answers to check."""
    with processes.open(CITY) as schema:
        assert processes._process is not None
        for pid in (processes._process.pid, children(processes)[0].pid):
            for each in (signal.SIGTERM, signal.SIGINT):
                os.kill(pid, each)
        schema.check('{"city": "a"}')


def doubling(levels: int, keyword: str) -> dict[str, Any]:
    """A schema of which Ollama gets next to nothing, and whose check tries each alternative of each level."""
    defs: dict[str, Any] = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    if keyword == "not":
        defs = {name: {"not": each} for name, each in defs.items()}
    return {"$defs": defs | {f"d{levels}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        pytest.param(doubling(60, "not"), "1", id="denials that double"),
        pytest.param(doubling(60, "anyOf"), '"a"', id="alternatives that double"),
    ],
)
def test_a_schema_that_takes_hours_costs_seconds_and_is_final(
    processes: ProcessChecker, wanted: dict[str, Any], answer: str
) -> None:
    with processes.open(wanted) as schema, pytest.raises(JobError, match="more time or memory") as caught:
        schema.check(answer)
    assert (caught.value.code, caught.value.final) == (ErrorCode.FORMAT_NOT_MET, True)
    with processes.open(CITY) as other:
        other.check('{"city": "a"}')


LARGE: dict[str, Any] = {
    "a tuple of fifty million": {"prefixItems": [{}], "minItems": 50_000_000},
    "a number beyond all": {"prefixItems": [{}], "minItems": 10**29},
    "one character a hundred thousand times": {"type": "string", "pattern": f"[{'a' * 100_000}]"},
    "one name beside many alternatives": {
        "required": ["a" * 200_000],
        "properties": {"a" * 200_000: {}},
        "anyOf": [{"properties": {f"p{number}": {}}} for number in range(500)],
    },
    "two long lists of values": {"allOf": [{"enum": list(range(n, n + 8_000))} for n in (0, 4_000)]},
    "two long lists of names": {"allOf": [{"required": [f"{x}{n}" for n in range(15_000)]} for x in "ab"]},
    "names that are all required": {
        "properties": {f"p{n}": {} for n in range(15_000)},
        "required": [f"p{n}" for n in range(15_000)],
    },
    "names that are like ours": {"description": "".join(f"part{n}x" for n in range(25_000))},
}


@pytest.mark.parametrize("wanted", LARGE.values(), ids=LARGE)
def test_what_is_large_is_looked_through_apart_and_leaves_the_checker_as_it_was(
    processes: ProcessChecker, wanted: dict[str, Any]
) -> None:
    with suppress(JobError), processes.open(wanted) as schema:
        assert len(json.dumps(schema.asked)) < MOST_ASKED_BYTES
    assert processes._process is not None
    assert psutil.Process(processes._process.pid).memory_info().rss < MOST_MEMORY_BYTES
    with processes.open(CITY) as other:
        other.check('{"city": "a"}')


def test_a_worker_whose_checker_can_t_start_gives_the_job_back() -> None:
    broken = ProcessChecker(["/nowhere/python"])
    with pytest.raises(Interrupted), broken.open(CITY):
        pass
    broken.close()
