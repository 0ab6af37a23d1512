"""The port `Checker`: a process of its own, and the fake in this one."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_worker.adapters.checker import ProcessChecker
from laneway_worker.answer.checking import compiled
from laneway_worker.errors import JobError
from laneway_worker.testing.checker import DirectChecker
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_worker.ports.checker import Checker

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SECONDS = 30.0


@pytest.fixture
def processes() -> Iterator[ProcessChecker]:
    made = ProcessChecker()
    yield made
    made.close()


@pytest.fixture(params=["process", "direct"])
def checker(request: pytest.FixtureRequest, processes: ProcessChecker) -> Checker:
    return processes if request.param == "process" else DirectChecker(compiled)


def test_an_answer_that_meets_its_schema_passes(checker: Checker) -> None:
    with checker.open(CITY) as check:
        check('{"city": "Zürich \\u00fc 😀"}')


@pytest.mark.parametrize("answer", ["{}", '{"city": 7}', "[]", '{"city": null}'])
def test_another_breaks_a_rule(checker: Checker, answer: str) -> None:
    with checker.open(CITY) as check, pytest.raises(JobError, match="the answer breaks format/") as caught:
        check(answer)
    assert (caught.value.code, caught.value.final) == (ErrorCode.FORMAT_NOT_MET, False)


def test_several_answers_are_checked_by_one_schema(checker: Checker) -> None:
    with checker.open(CITY) as check:
        for answer in ('{"city": "a"}', '{"city": "b"}'):
            check(answer)
            with pytest.raises(JobError):
                check("{}")


@pytest.mark.parametrize("schema", [{"type": 7}, {"pattern": "("}, {"$ref": "#/nowhere"}, {"properties": []}], ids=str)
def test_a_schema_that_is_none_is_told_before_anything_is_generated(checker: Checker, schema: dict[str, Any]) -> None:
    with pytest.raises(JobError, match="is not usable as JSON Schema") as caught, checker.open(schema):
        pass
    assert caught.value.code is ErrorCode.INVALID_JOB


def test_schemas_of_several_jobs_are_open_at_once(checker: Checker) -> None:
    with checker.open(CITY) as first, checker.open({"type": "integer"}) as second:
        first('{"city": "a"}')
        second("1")
        with pytest.raises(JobError):
            second('{"city": "a"}')


def children(checker: ProcessChecker) -> list[psutil.Process]:
    assert checker._process is not None
    return psutil.Process(checker._process.pid).children()


def test_a_job_s_process_ends_with_it(processes: ProcessChecker) -> None:
    with processes.open(CITY):
        assert len(children(processes)) == 1
    eventually(lambda: not children(processes), SECONDS)


def test_a_job_whose_process_is_killed_between_is_checked_by_another(processes: ProcessChecker) -> None:
    with processes.open(CITY) as check:
        (child,) = children(processes)
        child.kill()
        eventually(lambda: not children(processes), SECONDS)
        check('{"city": "a"}')
        with pytest.raises(JobError, match="breaks"):
            check("{}")


def test_the_checker_s_own_process_is_started_again(processes: ProcessChecker) -> None:
    with processes.open(CITY) as check:
        check('{"city": "a"}')
    assert processes._process is not None
    os.kill(processes._process.pid, signal.SIGKILL)
    processes._process.wait()
    with processes.open(CITY) as check:
        check('{"city": "a"}')


def test_signals_for_the_worker_do_not_end_it(processes: ProcessChecker) -> None:
    """A worker that drains still has answers to check."""
    with processes.open(CITY) as check:
        assert processes._process is not None
        for pid in (processes._process.pid, children(processes)[0].pid):
            for each in (signal.SIGTERM, signal.SIGINT):
                os.kill(pid, each)
        check('{"city": "a"}')


def doubling(levels: int, keyword: str) -> dict[str, Any]:
    defs = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": defs | {f"d{levels}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        pytest.param(doubling(60, "allOf"), "1", id="references that double"),
        pytest.param(doubling(60, "anyOf"), '"a"', id="alternatives that double"),
    ],
)
def test_a_schema_that_takes_hours_costs_seconds_and_is_final(
    processes: ProcessChecker, schema: dict[str, Any], answer: str
) -> None:
    with processes.open(schema) as check, pytest.raises(JobError, match="more time or memory") as caught:
        check(answer)
    assert (caught.value.code, caught.value.final) == (ErrorCode.FORMAT_NOT_MET, True)
    with processes.open(CITY) as other:
        other('{"city": "a"}')
