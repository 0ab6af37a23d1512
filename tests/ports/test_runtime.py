"""What holds for every runtime: the scripted one and Ollama."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_worker.errors import Interrupted, JobError, Unavailable
from laneway_worker.ports.stop import Stop, StopReason
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.replies import MemoryChannel
from laneway_worker.testing.runtime import Held, ScriptedRuntime, answer
from support.inputs.requests import ENDLESS_TOKENS, request
from support.ollama.real import ENGINES, SMOLLM, NoticingClock
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.ports.runtime import Runtime
    from laneway_worker.request.request import Request
    from support.ollama.real import OllamaServer

QUESTION = {"prompt": "What is the capital of France?", "options": {"temperature": 0, "num_predict": 20}}
ENDLESS = {"prompt": "Tell me a very long story.", "options": {"temperature": 0, "num_predict": ENDLESS_TOKENS}}
TOOLS = [{"type": "function", "function": {"name": "weather"}}]


@dataclass(frozen=True)
class Case:
    """A runtime, and a request for which it does what the case is called."""

    runtime: Runtime
    request: Request


@dataclass(frozen=True)
class RuntimeBench:
    answers: Case
    refuses: Case
    endless: Case
    begun: Callable[[], bool]
    """Whether the endless one is at work."""
    without_model: Runtime
    stop: Stop


def scripted() -> RuntimeBench:
    clock = ManualClock()
    question = request(SMOLLM, **QUESTION)
    endless = ScriptedRuntime(clock, Held())
    without_model = ScriptedRuntime(clock)
    without_model.loaded = False
    return RuntimeBench(
        answers=Case(ScriptedRuntime(clock, answer("Paris.")), question),
        refuses=Case(ScriptedRuntime(clock, JobError(ErrorCode.UNSUPPORTED, "no tools")), question),
        endless=Case(endless, question),
        begun=lambda: endless.running == 1,
        without_model=without_model,
        stop=Stop(clock.condition()),
    )


def served(ollama: OllamaServer) -> RuntimeBench:
    clock = NoticingClock()
    adapter = ollama.adapter(SMOLLM)
    adapter.prepare()
    chat = request(SMOLLM, messages=[{"role": "user", "content": "Weather?"}], tools=TOOLS)
    return RuntimeBench(
        answers=Case(adapter, request(SMOLLM, **QUESTION)),
        refuses=Case(adapter, chat),
        endless=Case(ollama.adapter(SMOLLM, clock=clock), request(SMOLLM, **ENDLESS)),
        begun=clock.read.is_set,
        without_model=ollama.adapter("no-such-model"),
        stop=Stop(clock.condition()),
    )


@pytest.fixture(params=["scripted", *ENGINES])
def bench(request: pytest.FixtureRequest) -> RuntimeBench:
    return scripted() if request.param == "scripted" else served(request.getfixturevalue("ollamas")(request.param))


def test_a_prepared_runtime_names_its_model(bench: RuntimeBench) -> None:
    model = bench.answers.runtime.prepare()
    assert model.name
    assert model.digest is not None
    assert re.fullmatch("sha256:[0-9a-f]{64}", model.digest)


def test_without_its_model_it_is_unavailable_and_says_so(bench: RuntimeBench) -> None:
    with pytest.raises(Unavailable, match="model"):
        bench.without_model.prepare()


def test_an_answer_has_text_and_counts(bench: RuntimeBench) -> None:
    channel = MemoryChannel("job-1", (1, 1), lambda: None)
    channel.started()
    answered = bench.answers.runtime.generate(bench.answers.request, bench.stop, channel)
    records = [holds for name, holds in channel.told if name == "record"]
    assert "".join(each["response"] for each in records) == answered.text
    assert not any(each.get("done") for each in records)
    assert answered.text is not None
    assert "Paris" in answered.text
    assert answered.prompt_tokens > 0
    assert 0 < answered.completion_tokens <= 20
    assert answered.finish_reason == "stop"
    assert (answered.message, answered.embeddings) == (None, None)


def test_a_jobs_own_fault_is_its_error(bench: RuntimeBench) -> None:
    with pytest.raises(JobError) as caught:
        bench.refuses.runtime.generate(bench.refuses.request, bench.stop)
    assert caught.value.code == ErrorCode.UNSUPPORTED


def test_work_stopped_before_it_began_is_interrupted(bench: RuntimeBench) -> None:
    bench.stop.set(StopReason.CANCELLED)
    with pytest.raises(Interrupted):
        bench.endless.runtime.generate(bench.endless.request, bench.stop)


def test_stopping_interrupts_soon(bench: RuntimeBench) -> None:
    working = in_thread(lambda: bench.endless.runtime.generate(bench.endless.request, bench.stop))
    eventually(bench.begun)
    assert not working.done()
    bench.stop.set(StopReason.LEAVING)
    with pytest.raises(Interrupted):
        working.result(timeout=2)
