"""What Ollama does when things go wrong, played by a script."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

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
from laneway_worker.testing.replies import MemoryChannel
from support.inputs.requests import CONTEXT_LENGTH, limits, live, request, request_within
from support.ollama.stub import SILENCE, Ending, Reply, error, records
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from laneway_worker.ports.runtime import Answer
    from laneway_worker.request.request import Request
    from support.ollama.stub import StubOllama

MODEL = "gemma3:270m"
DIGEST = "sha256:" + "a" * 64
DONE = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 3}
OLD, NEW = "0.11.4", "0.24.0"


def adapter(url: str, digest: str | None = None, model: str = MODEL) -> Ollama:
    lane_model = LaneModel(name=model, digest=digest, context_length=CONTEXT_LENGTH)
    return Ollama(url, lane_model, live(token_gap_seconds=1), SystemClock())


def fresh_stop() -> Stop:
    return Stop(SystemClock().condition())


def a_prompt(**job: Any) -> Request:
    return request_within(limits(token_gap_seconds=1), MODEL, **{"prompt": "Why?"} | job)


def a_chat(**job: Any) -> Request:
    return request(MODEL, messages=[{"role": "user", "content": "Why?"}], **job)


def a_chat_with_image() -> Request:
    return request(MODEL, messages=[{"role": "user", "content": "Why?", "images": ["aGk="]}])


def told(stub: StubOllama, asked: Request, *replies: Reply) -> list[tuple[str, Any]]:
    """What is told of an answer, whether or not it is one."""
    stub.on(asked.path, *replies)
    channel = MemoryChannel("job-1", (1, 1), lambda: None)
    channel.started()
    with suppress(JobError, Unavailable):
        adapter(stub.url).generate(asked, fresh_stop(), channel)
    return channel.told[1:]


def test_every_record_is_told_as_it_comes_but_for_the_final_one(stub: StubOllama) -> None:
    values: list[dict[str, Any]] = [
        {"response": "", "thinking": "hm", "done": False},
        {"response": "Par", "done": False, "later": [1]},
        {"response": "is."},
    ]
    assert told(stub, a_prompt(), records(*values, {"response": "!", **DONE})) == [("record", each) for each in values]


def test_an_error_and_what_comes_before_no_end_are_told_no_further(stub: StubOllama) -> None:
    part = {"response": "Par", "done": False}
    assert told(stub, a_prompt(), records(part, {"error": "no"})) == [("record", part)]
    assert told(stub, a_prompt(), records(part)) == [("record", part)]
    assert told(stub, a_prompt(), Reply((b'{"response": "Par"}\n\n', b"no JSON\n"))) == [
        ("record", {"response": "Par"})
    ]
    assert told(stub, a_prompt(), error(500, "no")) == []


def test_of_vectors_nothing_is_told(stub: StubOllama) -> None:
    assert told(stub, request(MODEL, input="x"), records({"embeddings": [[1.0]], "prompt_eval_count": 1})) == []


def generate(stub: StubOllama, *replies: Reply, asked: Request | None = None) -> Answer:
    asked = asked or a_prompt()
    stub.on(asked.path, *replies)
    return adapter(stub.url).generate(asked, fresh_stop())


def fault(stub: StubOllama, *replies: Reply, asked: Request | None = None) -> JobError:
    with pytest.raises(JobError) as caught:
        generate(stub, *replies, asked=asked)
    return caught.value


def blame(stub: StubOllama, *replies: Reply, asked: Request | None = None) -> JobError:
    with pytest.raises(EngineFailed) as caught:
        generate(stub, *replies, asked=asked)
    return caught.value.blame


def serve(stub: StubOllama, version: str = OLD, name: str = MODEL, digest: str = "a" * 64) -> None:
    stub.on("/api/version", records({"version": version}))
    stub.on(
        "/api/tags", records({"models": [{"name": "other:1b", "digest": "b" * 64}, {"name": name, "digest": digest}]})
    )
    stub.on("/api/show", records({"capabilities": ["completion"]}))
    stub.on("/api/generate", records({"response": "", "done": True, "done_reason": "load"}))


# A stream


def test_the_pieces_of_a_stream_are_one_answer(stub: StubOllama) -> None:
    answer = generate(stub, records({"response": "Be"}, {"response": "cause"}, {"response": ".", **DONE}))
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == ("Because.", 7, 3)
    assert answer.finish_reason == "stop"
    assert answer.thinking is None


def test_records_may_be_cut_anywhere(stub: StubOllama) -> None:
    reply = Reply((b'{"resp', b'onse": "\xc3', b'\xa9"}\n{"response": "!", ', b'"done": true, "prompt_eval_count": 7}'))
    assert generate(stub, reply).text == "é!"


def test_the_request_is_sent_as_it_is(stub: StubOllama) -> None:
    asked = a_chat(options={"temperature": 0})
    generate(stub, records({"message": {"content": "x"}, **DONE}), asked=asked)
    assert [(each.path, each.body) for each in stub.asked] == [("/api/chat", asked.body)]


def test_what_a_model_thinks_about_a_prompt_is_kept_apart(stub: StubOllama) -> None:
    answer = generate(
        stub,
        records({"thinking": "Hm", "response": ""}, {"thinking": "m.", "response": ""}, {"response": "Yes", **DONE}),
    )
    assert (answer.thinking, answer.text) == ("Hmm.", "Yes")


def test_what_a_model_thinks_in_a_chat_goes_into_the_message(stub: StubOllama) -> None:
    thought = {"message": {"role": "assistant", "content": "", "thinking": "Hmm."}}
    said = {"message": {"role": "assistant", "content": "Yes"}, **DONE}
    answer = generate(stub, records(thought, said), asked=a_chat())
    assert answer.message == {"role": "assistant", "content": "Yes", "thinking": "Hmm."}
    assert (answer.text, answer.thinking) == (None, None)


def test_tool_calls_are_collected(stub: StubOllama) -> None:
    calls = [{"function": {"name": "weather", "arguments": {"city": city}}} for city in ("Oslo", "Rome")]
    parts = [{"message": {"role": "assistant", "content": "", "tool_calls": [call]}} for call in calls]
    last = {"message": {"role": "assistant", "content": ""}, **DONE}
    answer = generate(stub, records(*parts, last), asked=a_chat())
    assert answer.message == {"role": "assistant", "content": "", "tool_calls": calls}


def test_a_stream_that_ends_without_its_final_record_is_incomplete(stub: StubOllama) -> None:
    error_ = blame(stub, records(*[{"response": "la ", "done": False}] * 30))
    assert error_.code == ErrorCode.INCOMPLETE_ANSWER


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_an_end_without_an_answer_is_an_error_of_the_engine(stub: StubOllama, reason: str) -> None:
    assert blame(stub, records({"response": "", **DONE, "done_reason": reason})).code == ErrorCode.ENGINE_ERROR


def test_an_answer_cut_at_the_end_of_the_context_says_so(stub: StubOllama) -> None:
    assert generate(stub, records({"response": "x", **DONE, "done_reason": "length"})).finish_reason == "length"


# Ollama dies


@pytest.mark.parametrize("pieces", [(), (b'{"response": "Be"}\n',)], ids=["before a token", "after a token"])
def test_a_connection_cut_in_the_middle_is_a_crash(stub: StubOllama, pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(EngineCrashed):
        generate(stub, Reply(pieces, ending=Ending.CUT))


def test_what_is_not_json_is_a_crash(stub: StubOllama) -> None:
    with pytest.raises(EngineCrashed):
        generate(stub, Reply((b"<html>Bad gateway</html>\n",)))


@pytest.mark.parametrize(
    "words",
    [
        "an error was encountered while running the model: unexpected EOF",
        "model runner has unexpectedly stopped, this may be due to resource limitations",
        "llama runner process has terminated: signal: killed",
        'Post "http://127.0.0.1:41/completion": read tcp 127.0.0.1:1->127.0.0.1:2: connection reset by peer',
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_words_of_a_dead_runner_are_a_crash(stub: StubOllama, words: str, status: int) -> None:
    with pytest.raises(EngineCrashed):
        generate(stub, error(status, words))


def test_a_runner_that_dies_after_a_token_is_a_crash(stub: StubOllama) -> None:
    with pytest.raises(EngineCrashed):
        generate(stub, records({"response": "Be"}, {"error": "unexpected EOF"}))


# Ollama refuses


@pytest.mark.parametrize("status", [404, 499, 503])
def test_a_model_that_is_not_there_or_busy_is_unavailable(stub: StubOllama, status: int) -> None:
    with pytest.raises(Unavailable, match=str(status)) as caught:
        generate(stub, error(status, "a refusal"))
    assert not isinstance(caught.value, EngineCrashed)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error(400, "invalid image input"), ErrorCode.INVALID_JOB),
        (error(400, f"{MODEL} does not support tools"), ErrorCode.UNSUPPORTED),
        (error(400, "the prompt exceeds the available context size"), ErrorCode.PROMPT_TOO_LONG),
    ],
    ids=["400", "tools", "context"],
)
def test_the_jobs_own_fault_has_its_code(stub: StubOllama, reply: Reply, code: ErrorCode) -> None:
    assert fault(stub, reply).code == code


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error(500, 'option "top_k" must be of type integer'), ErrorCode.ENGINE_ERROR),
        (error(200, "invalid JSON schema in format"), ErrorCode.INVALID_JOB),
        (Reply((b"no JSON at all",), 500), ErrorCode.ENGINE_ERROR),
        (Reply((b'["no object"]',), 500), ErrorCode.ENGINE_ERROR),
    ],
    ids=["500", "an error under 200", "not JSON", "no object"],
)
def test_what_goes_wrong_inside_ollama_has_the_code_of_the_job_that_may_be_to_blame(
    stub: StubOllama, reply: Reply, code: ErrorCode
) -> None:
    assert blame(stub, reply).code == code


def test_a_long_error_is_shortened(stub: StubOllama) -> None:
    assert len(str(blame(stub, error(500, "x" * 5000)))) < 300


# Ollama is silent


@pytest.mark.parametrize(
    "reply", [SILENCE, records({"response": "Be"}, ending=Ending.HANG)], ids=["before the headers", "after a token"]
)
def test_no_token_for_the_gap_is_a_stall(stub: StubOllama, reply: Reply) -> None:
    error_ = blame(stub, reply)
    assert error_.code == ErrorCode.STALLED
    assert str(error_) == "no token for 1 s"


def test_embedding_may_take_the_whole_timeout(stub: StubOllama) -> None:
    stub.on("/api/embed", SILENCE)
    lane_model = LaneModel(name=MODEL, context_length=CONTEXT_LENGTH)
    patient = Ollama(stub.url, lane_model, live(), SystemClock())
    with pytest.raises(EngineFailed, match="no token for 1 s"):
        patient.generate(request_within(limits(timeout_seconds=1), MODEL, input="x"), fresh_stop())


@pytest.mark.parametrize(
    "reply", [SILENCE, records({"response": "Be"}, ending=Ending.HANG)], ids=["before the headers", "after a token"]
)
def test_a_silent_call_is_stopped_at_once(stub: StubOllama, reply: Reply) -> None:
    stub.on("/api/generate", reply)
    lane_model = LaneModel(name=MODEL, context_length=CONTEXT_LENGTH)
    patient, stop = Ollama(stub.url, lane_model, live(), SystemClock()), fresh_stop()
    calling = in_thread(lambda: patient.generate(request(MODEL, prompt="Why?"), stop))
    eventually(lambda: stub.hanging)
    stop.set(StopReason.CANCELLED)
    with pytest.raises(Interrupted):
        calling.result(timeout=2)


def test_stopping_one_call_leaves_the_others_alone(stub: StubOllama) -> None:
    stub.on("/api/generate", SILENCE)
    lane_model = LaneModel(name=MODEL, context_length=CONTEXT_LENGTH)
    shared, stop = Ollama(stub.url, lane_model, live(), SystemClock()), fresh_stop()
    stopped = in_thread(lambda: shared.generate(request(MODEL, prompt="Why?"), stop))
    other = in_thread(lambda: shared.generate(request(MODEL, prompt="Why?"), fresh_stop()))
    eventually(lambda: stub.hanging == 2)
    stop.set(StopReason.CANCELLED)
    with pytest.raises(Interrupted):
        stopped.result(timeout=2)
    assert not other.done()
    stub.released.set()
    with pytest.raises(EngineCrashed):
        other.result(timeout=10)


def test_a_call_stopped_beforehand_asks_nothing(stub: StubOllama) -> None:
    stop = fresh_stop()
    stop.set(StopReason.LEAVING)
    with pytest.raises(Interrupted):
        adapter(stub.url).generate(a_prompt(), stop)
    assert stub.asked == []


# A question of ours


def test_an_ollama_that_is_well_answers_a_tiny_question_past_the_models_template(stub: StubOllama) -> None:
    serve(stub)
    runtime = adapter(stub.url)
    runtime.prepare()
    stub.on("/api/generate", records({"response": " 3", **DONE, "done_reason": "length"}))
    runtime.prove(fresh_stop())
    asked = stub.asked[-1].body
    assert (asked["raw"], asked["options"]["num_predict"], asked["options"]["num_ctx"]) == (True, 2, CONTEXT_LENGTH)


def test_loading_and_asking_name_what_a_job_names_for_whatever_differs_is_loaded_anew(stub: StubOllama) -> None:
    """Seen with 0.32.15: `shift` is an argument of llama-server's, which it started twice for each job after a rest."""
    serve(stub)
    runtime = adapter(stub.url)
    runtime.prepare()
    load = stub.asked[-1].body
    stub.on("/api/generate", records({"response": " 3", **DONE}))
    runtime.prove(fresh_stop())
    question = stub.asked[-1].body
    runtime.generate(a_prompt(), fresh_stop())
    job = stub.asked[-1].body
    same = [(each["shift"], each["keep_alive"], each["options"]["num_ctx"]) for each in (load, question, job)]
    assert len(set(same)) == 1


def test_a_model_that_only_embeds_is_asked_for_a_vector(stub: StubOllama) -> None:
    serve(stub)
    stub.on("/api/generate", error(400, f'"{MODEL}" does not support generate'))
    stub.on("/api/embed", records({"embeddings": [[1.0]]}))
    runtime = adapter(stub.url)
    runtime.prepare()
    runtime.prove(fresh_stop())
    assert (stub.asked[-1].path, stub.asked[-1].body["input"]) == ("/api/embed", "1")


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        (error(500, "CUDA error: uncorrectable ECC error encountered"), "CUDA error, uncorrectable ECC error"),
        (error(500, "an error was encountered while running the model"), "HTTP 500"),
        (error(400, "no"), "invalid_job"),
        (Reply((), ending=Ending.CUT), "cut the connection"),
        (SILENCE, "no token for 1 s"),
        (records({"response": "3"}), "without its final record"),
    ],
    ids=["CUDA", "500", "400", "cut", "silence", "no end"],
)
def test_an_ollama_that_can_not_answer_is_broken_and_its_error_is_named(
    stub: StubOllama, reply: Reply, name: str
) -> None:
    stub.on("/api/generate", reply)
    with pytest.raises(EngineBroken, match=name):
        adapter(stub.url).prove(fresh_stop())


def test_an_ollama_that_is_not_there_is_not_broken(refused_url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        adapter(refused_url).prove(fresh_stop())
    assert not isinstance(caught.value, EngineBroken)


# How many at once

TIMES = {"total_duration": 9, "load_duration": 1, "prompt_eval_duration": 4, "eval_duration": 4}


@pytest.mark.parametrize(
    ("reply", "slots"),
    [
        (records(TIMES | DONE), 3),
        (records(TIMES | DONE | {"total_duration": 99}), 1),
        (records(DONE), 3),
        (error(400, "no"), 3),
    ],
    ids=["none waits", "all wait", "no times", "400"],
)
def test_as_many_are_served_as_do_not_wait_and_all_where_nothing_tells(
    stub: StubOllama, reply: Reply, slots: int
) -> None:
    stub.on("/api/generate", reply)
    assert adapter(stub.url).serves(3) == slots


@pytest.mark.parametrize(
    ("words", "kind"), [("no", EngineFailed), ("llama-server process has terminated: exit status 1", EngineCrashed)]
)
def test_an_error_of_the_engine_tells_nothing_of_how_many(
    stub: StubOllama, words: str, kind: type[Unavailable]
) -> None:
    stub.on("/api/generate", error(500, words))
    with pytest.raises(kind):
        adapter(stub.url).serves(3)


def test_where_one_is_wanted_nothing_is_asked(stub: StubOllama) -> None:
    assert adapter(stub.url).serves(1) == 1
    assert stub.asked == []


# What Ollama does not let go of


def test_a_dropped_request_lingers_until_the_server_closes_its_side(stub: StubOllama) -> None:
    stub.on("/api/generate", SILENCE)
    runtime = adapter(stub.url)
    with pytest.raises(EngineFailed):
        runtime.generate(a_prompt(), fresh_stop())
    eventually(lambda: runtime.lingers() > 0.1)
    stub.released.set()
    eventually(lambda: runtime.lingers() == 0)


@pytest.mark.parametrize(("version", "lingers"), [("0.24.0", True), ("0.30.0", False), ("0.32.15", False)])
def test_a_request_that_stays_open_is_at_work_only_where_ollama_itself_works(
    stub: StubOllama, version: str, *, lingers: bool
) -> None:
    serve(stub, version)
    runtime = adapter(stub.url)
    runtime.prepare()
    stub.on("/api/generate", SILENCE)
    with pytest.raises(EngineFailed):
        runtime.generate(a_prompt(), fresh_stop())
    assert (runtime.lingers() > 0) is lingers


def test_an_answered_request_does_not_linger(stub: StubOllama) -> None:
    stub.on("/api/generate", records({"response": "Yes", **DONE}))
    runtime = adapter(stub.url)
    runtime.generate(a_prompt(), fresh_stop())
    assert runtime.lingers() == 0


# Ollama is not there


def test_a_refused_connection_is_unavailable(refused_url: str) -> None:
    with pytest.raises(Unavailable, match="connect") as caught:
        adapter(refused_url).generate(a_prompt(), fresh_stop())
    assert not isinstance(caught.value, EngineCrashed)


def test_a_stopped_call_to_nobody_is_interrupted(refused_url: str) -> None:
    stop = fresh_stop()
    stop.set(StopReason.LEAVING)
    with pytest.raises(Interrupted):
        adapter(refused_url).generate(a_prompt(), stop)


def test_a_connection_that_nobody_accepts_is_unavailable() -> None:
    with socket.socket() as full, socket.socket() as waiting, socket.socket() as more:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for client in (waiting, more):  # they fill the backlog
            client.settimeout(0)
            client.connect_ex(full.getsockname())
        with pytest.raises(Unavailable) as caught:
            adapter(f"http://127.0.0.1:{full.getsockname()[1]}").generate(a_prompt(), fresh_stop())
        assert not isinstance(caught.value, EngineCrashed)


def test_a_proxy_of_the_environment_is_not_asked(
    stub: StubOllama, refused_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", refused_url)
    assert generate(stub, records({"response": "Yes", **DONE})).text == "Yes"


# Preparing


def test_preparing_finds_the_model_and_loads_it(stub: StubOllama) -> None:
    serve(stub)
    served = adapter(stub.url).prepare()
    assert (served.name, served.digest) == (MODEL, DIGEST)
    load = next(each.body for each in stub.asked if each.path == "/api/generate")
    assert (load["model"], load["keep_alive"], load["options"]) == (MODEL, -1, {"num_ctx": CONTEXT_LENGTH})


def test_a_name_without_a_tag_is_the_latest(stub: StubOllama) -> None:
    serve(stub, name="registry.local/team/gemma3:latest", digest=DIGEST)
    served = adapter(stub.url, model="registry.local/team/gemma3").prepare()
    assert (served.name, served.digest) == ("registry.local/team/gemma3", DIGEST)


def test_the_pinned_digest_is_accepted(stub: StubOllama) -> None:
    serve(stub)
    assert adapter(stub.url, digest=DIGEST).prepare().digest == DIGEST


def test_another_digest_is_refused_before_loading(stub: StubOllama) -> None:
    serve(stub, digest="c" * 64)
    with pytest.raises(Unavailable, match="pins"):
        adapter(stub.url, digest=DIGEST).prepare()
    assert "/api/generate" not in [each.path for each in stub.asked]


def test_an_ollama_without_any_model_pulls_it(stub: StubOllama) -> None:
    serve(stub)
    stub.on("/api/tags", records({"models": None}))
    with pytest.raises(ModelUnusable, match=f"can't pull {MODEL}"):
        adapter(stub.url).prepare()


def test_a_model_that_only_embeds_is_loaded_by_embedding(stub: StubOllama) -> None:
    serve(stub)
    stub.on("/api/generate", error(400, f'"{MODEL}" does not support generate'))
    stub.on("/api/embed", records({"embeddings": []}))
    assert adapter(stub.url).prepare().digest == DIGEST


def test_a_model_that_can_not_be_loaded_is_unavailable(stub: StubOllama) -> None:
    serve(stub)
    stub.on("/api/generate", error(500, "model requires more system memory (9.9 GiB) than is available (1.2 GiB)"))
    stub.on("/api/embed", error(500, "model requires more system memory (9.9 GiB) than is available (1.2 GiB)"))
    with pytest.raises(Unavailable, match="more system memory"):
        adapter(stub.url).prepare()


@pytest.mark.parametrize("path", ["/api/version", "/api/tags", "/api/show", "/api/generate"])
@pytest.mark.parametrize(
    "reply",
    [error(404, "not found"), error(503, "busy"), Reply((b"<html>",)), Reply(ending=Ending.CUT)],
    ids=["404", "503", "not JSON", "cut"],
)
def test_preparing_is_unavailable_where_ollama_is_unwell(stub: StubOllama, path: str, reply: Reply) -> None:
    serve(stub)
    stub.on(path, reply)
    with pytest.raises(Unavailable):
        adapter(stub.url).prepare()


@pytest.mark.parametrize("path", ["/api/version", "/api/tags", "/api/show"])
@pytest.mark.parametrize("status", [400, 500])
def test_preparing_knows_no_fault_of_a_job(stub: StubOllama, path: str, status: int) -> None:
    serve(stub)
    stub.on(path, error(status, "something is wrong"))
    with pytest.raises(Unavailable):
        adapter(stub.url).prepare()


def test_preparing_is_unavailable_where_nobody_listens(refused_url: str) -> None:
    with pytest.raises(Unavailable, match="no answer from Ollama"):
        adapter(refused_url).prepare()


# Old versions cut prompts


@pytest.mark.parametrize(("version", "cuts"), [(OLD, True), ("0.23.9", True), (NEW, False), ("0.30.1-rc2", False)])
def test_a_full_context_is_a_cut_prompt_on_old_versions_only(stub: StubOllama, version: str, *, cuts: bool) -> None:
    serve(stub, version)
    runtime = adapter(stub.url)
    runtime.prepare()
    stub.on("/api/generate", records({"response": "x", **DONE, "prompt_eval_count": CONTEXT_LENGTH}))
    if cuts:
        with pytest.raises(JobError) as caught:
            runtime.generate(a_prompt(), fresh_stop())
        assert caught.value.code == ErrorCode.PROMPT_TOO_LONG
    else:
        assert runtime.generate(a_prompt(), fresh_stop()).text == "x"


def test_fewer_tokens_than_words_are_a_cut_prompt(stub: StubOllama) -> None:
    asked = a_prompt(prompt="one two three four five six seven eight")
    assert fault(stub, records({"response": "x", **DONE}), asked=asked).code == ErrorCode.PROMPT_TOO_LONG


def test_as_many_tokens_as_words_are_the_whole_prompt(stub: StubOllama) -> None:
    asked = a_prompt(prompt="one two three four five six seven")
    assert generate(stub, records({"response": "x", **DONE}), asked=asked).text == "x"


HEARD = {"role": "tool", "content": "one two three four five six seven eight"}


@pytest.mark.parametrize("version", [OLD, NEW])
def test_fewer_tokens_than_tools_have_words_are_a_template_without_tools(stub: StubOllama, version: str) -> None:
    serve(stub, version)
    runtime = adapter(stub.url)
    runtime.prepare()
    stub.on("/api/chat", records({"message": {"content": "x"}, **DONE}))
    with pytest.raises(JobError, match=f"{MODEL} does not support tools") as caught:
        runtime.generate(request(MODEL, messages=[{"role": "user", "content": "Why?"}, HEARD]), fresh_stop())
    assert caught.value.code == ErrorCode.UNSUPPORTED


@pytest.mark.parametrize("tokens", [0, 9, 100], ids=["not told", "as many as words", "more"])
def test_tools_that_are_heard_are_answered(stub: StubOllama, tokens: int) -> None:
    asked = request(MODEL, messages=[HEARD, {"role": "user", "content": "Why?"}])
    stub.on("/api/chat", records({"message": {"content": "x"}, **DONE, "prompt_eval_count": tokens}))
    runtime = adapter(stub.url)
    serve(stub, NEW)
    runtime.prepare()
    assert runtime.generate(asked, fresh_stop()).message == {"role": "assistant", "content": "x"}


# Images


@pytest.mark.parametrize("asked", [a_prompt(images=["aGk="]), a_chat_with_image()], ids=["prompt", "chat"])
def test_images_want_a_model_that_sees(stub: StubOllama, asked: Request) -> None:
    serve(stub)
    runtime = adapter(stub.url)
    runtime.prepare()
    with pytest.raises(JobError, match="images") as caught:
        runtime.generate(asked, fresh_stop())
    assert caught.value.code == ErrorCode.UNSUPPORTED


@pytest.mark.parametrize("capabilities", [["completion", "vision"], None], ids=["sees", "an Ollama that does not tell"])
def test_images_go_to_a_model_that_may_see(stub: StubOllama, capabilities: list[str] | None) -> None:
    serve(stub)
    stub.on("/api/show", records({"capabilities": capabilities}))
    runtime = adapter(stub.url)
    runtime.prepare()
    stub.on("/api/generate", records({"response": "A cat", **DONE}))
    assert runtime.generate(a_prompt(images=["aGk="]), fresh_stop()).text == "A cat"
    assert stub.asked[-1].body["images"] == ["aGk="]


# Embeddings


@pytest.mark.parametrize("asked", [a_prompt(), a_chat()], ids=["prompt", "chat"])
def test_a_model_that_only_embeds_wants_input(stub: StubOllama, asked: Request) -> None:
    serve(stub)
    stub.on("/api/generate", error(400, '"all-minilm" does not support generate'))
    stub.on("/api/embed", records({"embeddings": []}))
    runtime = adapter(stub.url)
    runtime.prepare()
    with pytest.raises(JobError, match="only makes embeddings: send input instead") as caught:
        runtime.generate(asked, fresh_stop())
    assert caught.value.code == ErrorCode.UNSUPPORTED


def an_embedding(texts: int) -> Request:
    return request(MODEL, input=["x"] * texts)


def test_more_numbers_than_a_job_may_have_are_refused_before_the_engine_is_asked(stub: StubOllama) -> None:
    serve(stub)
    stub.on("/api/show", records({"capabilities": ["embedding"], "model_info": {"bert.embedding_length": 4096}}))
    runtime = adapter(stub.url)
    runtime.prepare()
    with pytest.raises(JobError, match="513 texts, which at 4,096 dimensions make 2,101,248 numbers") as caught:
        runtime.generate(an_embedding(513), fresh_stop())
    assert caught.value.code == ErrorCode.INVALID_JOB
    assert "/api/embed" not in [each.path for each in stub.asked]


def test_where_ollama_tells_no_dimensions_the_first_answer_does(stub: StubOllama) -> None:
    stub.on("/api/embed", records({"embeddings": [[0.5] * 2048]}))
    runtime = adapter(stub.url)
    runtime.generate(an_embedding(1), fresh_stop())
    stub.on("/api/embed", records({"embeddings": [[0.5] * 2]}))
    runtime.generate(request(MODEL, input="x", dimensions=2), fresh_stop())
    with pytest.raises(JobError, match="at 2,048 dimensions"):
        runtime.generate(an_embedding(1025), fresh_stop())


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        (an_embedding(2), ErrorCode.INVALID_JOB, "send fewer texts in one job"),
        (a_prompt(), ErrorCode.ENGINE_ERROR, "a line of more than 41,943,040 bytes"),
    ],
)
def test_a_line_that_would_fill_the_memory_is_not_read(
    stub: StubOllama, asked: Request, code: ErrorCode, words: str
) -> None:
    endless = Reply((bytes(1024 * 1024),) * 41, ending=Ending.CUT)
    error_ = fault(stub, endless, asked=asked)
    assert error_.code == code
    assert words in str(error_)
