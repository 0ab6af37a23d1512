"""What only a real Ollama can show."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from laneway.local.ollama.find import VERSION as BUILT
from laneway.schema.job.codes import ErrorCode
from laneway.schema.pool.documents.lane_config import LaneModel
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.ollama.client import Ollama
from laneway_worker.errors import (
    EngineBroken,
    EngineCrashed,
    EngineFailed,
    Interrupted,
    JobError,
    ModelUnusable,
    Unavailable,
)
from laneway_worker.ports.stop import Stop, StopReason
from support.inputs.requests import CONTEXT_LENGTH, ENDLESS_TOKENS, live, request
from support.ollama.embedder import EMBEDDER
from support.ollama.real import GEMMA, SMOLLM, NoticingClock, ollama_server
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import psutil

    from laneway_worker.ports.runtime import Answer
    from support.ollama.real import OllamaServer

INVOICES = """\
Text: Invoice 1207 of Acme Tools, total 30.50 EUR
JSON: {"number": "1207", "supplier": "Acme Tools", "total": 30.5}

Text: Invoice B-77 of Fox Catering, total 45.00 USD
JSON: {"number": "B-77", "supplier": "Fox Catering", "total": 45.0}

Text: Invoice A-551 of Northwind Traders, total 312.75 USD
JSON:"""
INVOICE_SCHEMA = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "supplier": {"type": "string"}, "total": {"type": "number"}},
    "required": ["number", "supplier", "total"],
}
COUNTING = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
GREETING = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module")
def gemma(ollama: OllamaServer) -> Ollama:
    return prepared(ollama, GEMMA)


@pytest.fixture(scope="module")
def smollm(ollama: OllamaServer) -> Ollama:
    return prepared(ollama, SMOLLM)


@pytest.fixture(scope="module")
def embedder(ollama: OllamaServer) -> Ollama:
    return prepared(ollama, EMBEDDER)


def prepared(ollama: OllamaServer, model: str) -> Ollama:
    adapter = ollama.adapter(model)
    adapter.prepare()
    return adapter


def fresh_stop() -> Stop:
    return Stop(SystemClock().condition())


def complete(gemma: Ollama, prompt: str = COUNTING, **options: Any) -> Answer:
    job = {"prompt": prompt, "raw": True, "options": {"temperature": 0, "num_predict": 20} | options}
    return gemma.generate(request(GEMMA, **job), fresh_stop())


def chat(smollm: Ollama, num_predict: int = 20, **job: Any) -> Answer:
    options = {"temperature": 0, "num_predict": num_predict}
    return smollm.generate(request(SMOLLM, **{"messages": GREETING, "options": options} | job), fresh_stop())


def fault(adapter: Ollama, model: str, **job: Any) -> JobError:
    """Of the job, where Ollama can answer others."""
    with pytest.raises((JobError, EngineFailed)) as caught:
        adapter.generate(request(model, **job), fresh_stop())
    error = caught.value
    if isinstance(error, EngineFailed):
        return error.blame
    assert isinstance(error, JobError)
    return error


@pytest.mark.parametrize("model", [GEMMA, SMOLLM])
def test_preparing_names_the_model_and_its_digest(ollama: OllamaServer, model: str) -> None:
    served = ollama.adapter(model).prepare()
    assert served.name == model
    assert served.digest is not None
    assert ollama.adapter(model, digest=served.digest).prepare() == served


def test_preparing_learns_what_there_is_to_know_of_the_model(ollama: OllamaServer) -> None:
    adapter = ollama.adapter(GEMMA)
    assert adapter.facts() is None
    served = adapter.prepare()
    facts = adapter.facts()
    assert facts is not None
    assert (facts.name, facts.digest, facts.context_length) == (GEMMA, served.digest, CONTEXT_LENGTH)
    assert facts.size > 100_000_000
    assert facts.modified_at is not None
    assert (facts.details.format, facts.details.family) == ("gguf", "gemma3")
    assert "completion" in facts.capabilities
    assert facts.model_info["general.architecture"] == "gemma3"
    assert facts.engine


def test_a_model_that_can_not_be_pulled_is_unusable_and_the_message_helps(
    ollama: OllamaServer, refused_url: str
) -> None:
    model = f"{refused_url.removeprefix('http://')}/team/no-such-model:1b"
    words = "pull model manifest: .*connection refused; see that Ollama reaches its registry"
    with pytest.raises(ModelUnusable, match=f"^Ollama can't pull {model}: {words}"):
        ollama.adapter(model).prepare()


def test_another_digest_than_the_pinned_one_is_unavailable(ollama: OllamaServer) -> None:
    pinned = "sha256:" + "1" * 64
    with pytest.raises(Unavailable, match=f"pins {SMOLLM} to {pinned}"):
        ollama.adapter(SMOLLM, digest=pinned).prepare()


def test_preparing_loads_the_model(ollama: OllamaServer) -> None:
    for runner in ollama.runners():
        runner.kill()
    eventually(lambda: not ollama.runners())
    ollama.adapter(SMOLLM).prepare()
    assert len(ollama.runners()) == 1


def test_a_few_examples_and_a_schema_give_json(gemma: Ollama) -> None:
    options = {"temperature": 0, "num_predict": 80}
    job = {"prompt": INVOICES, "raw": True, "format": INVOICE_SCHEMA, "options": options}
    answer = gemma.generate(request(GEMMA, **job), fresh_stop())
    assert json.loads(answer.text or "") == {"number": "A-551", "supplier": "Northwind Traders", "total": 312.75}
    assert answer.finish_reason == "stop"


def test_a_chat_is_answered_with_a_message(smollm: Ollama) -> None:
    answer = chat(smollm)
    assert answer.message is not None
    assert answer.message["role"] == "assistant"
    assert "Paris" in answer.message["content"]
    assert (answer.text, answer.embeddings) == (None, None)


def test_ollamas_own_counters_stand_in_the_answer(smollm: Ollama) -> None:
    told = chat(smollm)
    engine = told.engine
    assert engine is not None
    assert (engine.done_reason, engine.eval_count) == (told.finish_reason, told.completion_tokens)
    assert 0 < (engine.eval_duration or 0) < (engine.total_duration or 0)
    assert None not in engine.model_dump().values()


def test_each_text_gets_its_vector(embedder: Ollama) -> None:
    answer = embedder.generate(request(EMBEDDER, input=["a red apple", "the law of the sea"]), fresh_stop())
    first, second = answer.embeddings or []
    assert len(first) == len(second) > 100
    assert first != second
    assert (answer.text, answer.message, answer.finish_reason) == (None, None, None)
    assert answer.prompt_tokens > 0
    assert answer.completion_tokens == 0


def test_one_text_gets_the_same_vector_alone(embedder: Ollama) -> None:
    alone = embedder.generate(request(EMBEDDER, input="a red apple"), fresh_stop()).embeddings or []
    both = embedder.generate(request(EMBEDDER, input=["a red apple", "the law"]), fresh_stop()).embeddings or []
    assert len(alone) == 1
    assert alone[0] == pytest.approx(both[0], abs=1e-3)


def test_a_model_for_chats_embeds_or_says_that_it_does_not(smollm: Ollama, engine: str) -> None:
    job = request(SMOLLM, input="a red apple")
    if engine == BUILT:
        assert smollm.generate(job, fresh_stop()).embeddings
    else:
        error = fault(smollm, SMOLLM, input="a red apple")
        assert (error.code, "embedding models only" in str(error)) == (ErrorCode.UNSUPPORTED, True)


def test_tokens_are_counted(gemma: Ollama) -> None:
    short, long = complete(gemma, "1, 2, 3,"), complete(gemma, COUNTING)
    assert 0 < short.prompt_tokens < long.prompt_tokens
    assert 0 < short.completion_tokens <= 20


def test_an_answer_cut_at_num_predict_says_so(gemma: Ollama) -> None:
    answer = complete(gemma, num_predict=5)
    assert (answer.finish_reason, answer.completion_tokens) == ("length", 5)


def test_the_first_tokens_time_is_kept(gemma: Ollama) -> None:
    before = datetime.now(UTC)
    first = complete(gemma).first_token_at
    assert first is not None
    assert before < first < datetime.now(UTC)


def test_temperature_zero_answers_alike(gemma: Ollama) -> None:
    complete(gemma, "The old house")  # what Ollama's cache holds of the prompt changes the last digits, and so the text
    assert complete(gemma, "The old house").text == complete(gemma, "The old house").text


def test_a_stop_text_ends_the_answer(gemma: Ollama) -> None:
    answer = complete(gemma, stop=["15"])
    assert "14" in (answer.text or "")
    assert "15" not in (answer.text or "")
    assert answer.finish_reason == "stop"


def test_tools_want_a_model_that_knows_them(smollm: Ollama) -> None:
    tools = [{"type": "function", "function": {"name": "weather"}}]
    assert fault(smollm, SMOLLM, messages=GREETING, tools=tools).code == ErrorCode.UNSUPPORTED


def test_images_want_a_model_that_sees(smollm: Ollama) -> None:
    assert fault(smollm, SMOLLM, prompt="What is this?", images=["aGVsbG8="]).code == ErrorCode.UNSUPPORTED


def test_a_format_that_is_no_schema_is_the_jobs_fault(smollm: Ollama) -> None:
    error = fault(smollm, SMOLLM, messages=GREETING, format={"type": "nonsense"})
    assert "format" in str(error)


@pytest.mark.parametrize(
    "job",
    [
        {"prompt": "word " * 600},
        {"prompt": "word," * 400, "raw": True},
        {"messages": [{"role": "user", "content": "word " * 600}]},
        {"messages": [{"role": "user", "content": "word " * 100}] * 6},
    ],
    ids=["prompt", "raw prompt of few words", "message", "many messages"],
)
def test_a_prompt_longer_than_the_context_is_refused(smollm: Ollama, job: dict[str, Any]) -> None:
    error = fault(smollm, SMOLLM, **job | {"options": {"num_predict": 5}})
    assert error.code == ErrorCode.PROMPT_TOO_LONG


@pytest.mark.parametrize("texts", ["word " * 600, ["short", "word," * 400]], ids=["text", "second text"])
def test_a_text_to_embed_longer_than_the_context_is_refused(embedder: Ollama, texts: str | list[str]) -> None:
    assert fault(embedder, EMBEDDER, input=texts).code == ErrorCode.PROMPT_TOO_LONG


def test_a_chat_of_long_words_is_refused_too(smollm: Ollama) -> None:
    messages = [{"role": "user", "content": "word," * 100}] * 6
    error = fault(smollm, SMOLLM, messages=messages, options={"num_predict": 5})
    assert error.code == ErrorCode.PROMPT_TOO_LONG


def test_a_prompt_that_fits_is_answered(smollm: Ollama) -> None:
    messages = [{"role": "user", "content": "word " * (CONTEXT_LENGTH - 100)}]
    assert chat(smollm, num_predict=5, messages=messages).prompt_tokens < CONTEXT_LENGTH


def test_a_stopped_generation_leaves_its_seat(ollama: OllamaServer, gemma: Ollama) -> None:
    clock, stop = NoticingClock(), fresh_stop()
    job = request(GEMMA, prompt=COUNTING, raw=True, options={"temperature": 0, "num_predict": ENDLESS_TOKENS})
    working = in_thread(lambda: ollama.adapter(GEMMA, clock=clock).generate(job, stop))
    assert clock.read.wait(30)
    stop.set(StopReason.TIMED_OUT)
    with pytest.raises(Interrupted):
        working.result(timeout=2)
    assert in_thread(lambda: complete(gemma, num_predict=1)).result(timeout=10).completion_tokens == 1


@pytest.mark.parametrize("model", [GEMMA, SMOLLM, EMBEDDER])
def test_an_ollama_that_is_well_proves_it(ollama: OllamaServer, model: str) -> None:
    prepared(ollama, model).prove(fresh_stop())


def test_a_request_that_ollama_never_lets_go_of_is_seen_though_all_else_is_answered(tmp_path: Path) -> None:
    spinning = {"prompt": "Say a.", "format": {"type": "string", "pattern": "^a]$"}}
    with ollama_server(tmp_path, slots=2) as own:
        adapter, stop = prepared(own, SMOLLM), fresh_stop()
        working = in_thread(lambda: adapter.generate(request(SMOLLM, **spinning), stop))
        eventually(lambda: own.process.cpu_times().user > 2)  # the schema's converter does not get past the bracket
        stop.set(StopReason.CANCELLED)
        with pytest.raises(Interrupted):
            working.result(timeout=2)
        adapter.prove(fresh_stop())
        eventually(lambda: adapter.lingers() > 3)


def test_a_dropped_generation_is_let_go_of(ollama: OllamaServer) -> None:
    clock, stop = NoticingClock(), fresh_stop()
    adapter = ollama.adapter(SMOLLM, clock=clock)
    adapter.prepare()
    endless = request(SMOLLM, prompt="Tell me a story.", options={"num_predict": ENDLESS_TOKENS})
    working = in_thread(lambda: adapter.generate(endless, stop))
    assert clock.read.wait(30)
    stop.set(StopReason.CANCELLED)
    with pytest.raises(Interrupted):
        working.result(timeout=2)
    eventually(lambda: adapter.lingers() == 0)


def test_a_killed_runner_is_a_crash_and_the_next_one_answers(ollama: OllamaServer) -> None:
    clock = NoticingClock()
    adapter = ollama.adapter(GEMMA, clock=clock)
    adapter.prepare()
    job = request(GEMMA, prompt=COUNTING, raw=True, options={"temperature": 0, "num_predict": ENDLESS_TOKENS})
    working = in_thread(lambda: adapter.generate(job, fresh_stop()))
    assert clock.read.wait(30)
    for runner in ollama.runners():
        runner.kill()
    with pytest.raises(EngineCrashed):
        working.result(timeout=30)
    adapter.prepare()
    assert complete(adapter, num_predict=5).completion_tokens == 5


def test_a_runner_killed_while_it_loads_is_no_fault_of_a_job(ollama: OllamaServer) -> None:
    unload(ollama, SMOLLM)
    others = [each.pid for each in ollama.runners()]
    loading = in_thread(ollama.adapter(SMOLLM).prepare)
    eventually(lambda: kill(each for each in ollama.runners() if each.pid not in others), every=0.001)
    with suppress(ModelUnusable):  # it may have tried again
        loading.result(timeout=60)
    assert complete(prepared(ollama, GEMMA), num_predict=5).completion_tokens == 5


def unload(ollama: OllamaServer, model: str) -> None:
    with httpx.Client(base_url=ollama.url, trust_env=False) as http:
        http.post("/api/generate", json={"model": model, "keep_alive": 0}).raise_for_status()
        eventually(lambda: all(each["name"] != model for each in http.get("/api/ps").json()["models"]))


def kill(runners: Iterable[psutil.Process]) -> bool:
    """Whether there was one."""
    found = list(runners)
    for each in found:
        each.kill()
    return bool(found)


def test_a_runner_that_stands_still_is_broken_until_it_goes_on(ollama: OllamaServer) -> None:
    impatient = Ollama(ollama.url, LaneModel(name=SMOLLM, context_length=CONTEXT_LENGTH), live(2), SystemClock())
    impatient.prepare()
    runners = ollama.runners()
    for each in runners:
        each.suspend()
    try:
        with pytest.raises(EngineBroken, match="no token for 2 s"):
            impatient.prove(fresh_stop())
    finally:
        for each in runners:
            each.resume()
    eventually(lambda: impatient.lingers() == 0)
    prepared(ollama, SMOLLM).prove(fresh_stop())


def test_a_model_is_served_as_often_at_once_as_ollama_has_slots_for_it(tmp_path: Path, engine: str) -> None:
    with ollama_server(tmp_path, slots=2, engine=engine) as own:
        text = prepared(own, SMOLLM)
        measures = [text.serves(4) for _ in range(3)]  # by who waits: on a crowded machine one comes late at times
        assert median(measures) == 2
        assert prepared(own, EMBEDDER).serves(4) == 1
