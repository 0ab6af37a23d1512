from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_worker.adapters.ollama.stream import Collected, error_of, json_object, trouble
from laneway_worker.adapters.ollama.words import name_of
from laneway_worker.errors import EngineCrashed, EngineFailed, JobError, Unavailable
from laneway_worker.testing.clock import ManualClock

if TYPE_CHECKING:
    from laneway_worker.ports.runtime import Answer
    from laneway_worker.request.request import Path

DONE = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 2}


def collected(path: Path, *records: dict[str, Any]) -> Answer:
    stream = Collected(path, ManualClock())
    for record in records:
        stream.add(record)
    return stream.answer()


def blamed(status: int, message: str) -> str:
    found = trouble(status, message)
    assert isinstance(found, EngineFailed)
    return str(found.blame)


def code_of_failure(*records: dict[str, Any]) -> ErrorCode:
    with pytest.raises(EngineFailed) as caught:
        collected("/api/generate", *records)
    return caught.value.blame.code


COUNTED = {
    "total_duration": 9_000,
    "load_duration": 1_000,
    "prompt_eval_count": 7,
    "prompt_eval_duration": 2_000,
    "eval_count": 2,
    "eval_duration": 5_000,
}


@pytest.mark.parametrize("path", ["/api/generate", "/api/chat"])
def test_what_ollama_counted_stands_in_the_answer(path: Path) -> None:
    engine = collected(path, {"response": "a", "done": True, "done_reason": "length", **COUNTED}).engine
    assert engine is not None
    assert engine.model_dump() == {"done_reason": "length", **COUNTED}


@pytest.mark.parametrize("nonsense", [-1, 1.5, "7", None, 2**63, [7]])
def test_a_count_that_is_none_costs_no_answer(nonsense: object) -> None:
    answer = collected("/api/generate", {"response": "a", **DONE, "total_duration": nonsense, "eval_count": nonsense})
    assert answer.engine is not None
    assert (answer.engine.total_duration, answer.engine.prompt_eval_count) == (None, 7)
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 0)


def test_an_answer_to_a_prompt_is_put_together() -> None:
    answer = collected("/api/generate", {"response": "Par"}, {"response": "is."}, {"response": ""} | DONE)
    assert (answer.text, answer.message, answer.thinking) == ("Paris.", None, None)
    assert (answer.prompt_tokens, answer.completion_tokens, answer.finish_reason) == (7, 2, "stop")


def test_text_in_the_final_record_counts() -> None:
    assert collected("/api/generate", {"response": "Paris"} | DONE).text == "Paris"


def test_thinking_is_kept_apart_from_the_answer() -> None:
    answer = collected("/api/generate", {"thinking": "Fra"}, {"thinking": "nce"}, {"response": "Paris"}, DONE)
    assert (answer.text, answer.thinking) == ("Paris", "France")


def test_a_chat_is_put_together_as_a_message() -> None:
    answer = collected(
        "/api/chat",
        {"message": {"role": "assistant", "content": "", "thinking": "France"}},
        {"message": {"role": "assistant", "content": "Par"}},
        {"message": {"role": "assistant", "content": "is"}} | DONE,
    )
    assert answer.message == {"role": "assistant", "content": "Paris", "thinking": "France"}
    assert (answer.text, answer.thinking) == (None, None)


def test_tool_calls_are_collected_in_order() -> None:
    calls: list[dict[str, Any]] = [{"function": {"name": name, "arguments": {}}} for name in ("a", "b", "c")]
    answer = collected(
        "/api/chat",
        {"message": {"role": "assistant", "content": "", "tool_calls": calls[:2]}},
        {"message": {"role": "assistant", "content": "", "tool_calls": calls[2:]}} | DONE,
    )
    assert answer.message == {"role": "assistant", "content": "", "tool_calls": calls}


def test_a_chat_without_thinking_or_tools_has_neither() -> None:
    message = collected("/api/chat", {"message": {"content": "a", "thinking": "", "tool_calls": None}}, DONE).message
    assert message == {"role": "assistant", "content": "a"}


def test_embeddings_need_no_done() -> None:
    answer = collected("/api/embed", {"model": "m", "embeddings": [[0.5, 1.0]], "prompt_eval_count": 3})
    assert (answer.embeddings, answer.prompt_tokens, answer.completion_tokens) == ([[0.5, 1.0]], 3, 0)
    assert (answer.text, answer.finish_reason) == (None, None)


def test_an_answer_cut_at_its_limit_says_so() -> None:
    assert collected("/api/generate", {"response": "a"}, DONE | {"done_reason": "length"}).finish_reason == "length"


def test_an_answer_without_a_reason_has_stopped() -> None:
    assert collected("/api/generate", {"response": "a", "done": True}).finish_reason == "stop"


@pytest.mark.parametrize(
    "records",
    [[], [{}], [{"response": "Paris"}], [{"response": "Paris", "done": False}], [{"done": False} | {"eval_count": 2}]],
)
def test_a_stream_without_its_final_record_is_incomplete(records: list[dict[str, Any]]) -> None:
    assert code_of_failure(*records) is ErrorCode.INCOMPLETE_ANSWER


@pytest.mark.parametrize("reason", ["load", "unload", "", None, 7])
def test_a_stream_that_ends_for_another_reason_is_an_error_of_the_engine(reason: object) -> None:
    assert code_of_failure(DONE | {"done_reason": reason}) is ErrorCode.ENGINE_ERROR


def test_the_time_of_the_first_token_is_kept() -> None:
    clock = ManualClock()
    stream = Collected("/api/generate", clock)
    stream.add({})
    clock.advance(3)
    stream.add({"response": "a"})
    clock.advance(3)
    stream.add(DONE)
    assert stream.answer().first_token_at == clock.now() - timedelta(seconds=3)


def test_an_error_line_under_status_200_is_trouble() -> None:
    with pytest.raises(EngineCrashed):
        collected(
            "/api/generate", {"response": "Par"}, {"error": "llama runner process has terminated: signal: killed"}
        )
    assert code_of_failure({"error": "an unexpected thing"}) is ErrorCode.ENGINE_ERROR


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, "unexpected EOF"),
        (500, "llama runner process has terminated: exit status 2"),
        (500, "model runner has unexpectedly stopped, this may be due to resource limitations"),
        (500, 'Post "http://127.0.0.1:1/completion": dial tcp: connection refused'),
        (500, "llama runner process no longer running: -1"),
        (500, "read: connection reset by peer"),
        (500, "model failed to load, this may be due to resource limitations"),
        (400, "UNEXPECTED EOF"),
        (500, "llama-server process has terminated: exit status 1"),
        (500, "error reading llama-server chat response: EOF"),
        (500, "an error was encountered while running the model: CUDA error: uncorrectable ECC error encountered"),
        (500, "CUDA error: operation not supported"),
        (500, "llama-server process no longer running: -1 signal: killed"),
        (500, "llama-server reported out-of-memory during startup: x"),
        (500, "error starting llama-server: fork failed"),
        (500, "timed out waiting for llama-server to start"),
        (500, "failed reading llama-server error response: EOF"),
        (500, "llama-server startup failed after projector CPU offload retry: x"),
    ],
)
def test_a_dead_runner_is_a_crash(status: int, message: str) -> None:
    assert isinstance(trouble(status, message), EngineCrashed)


@pytest.mark.parametrize(
    "message",
    [
        "llama-server chat error: Unexpected empty grammar stack after accepting piece",
        'llama-server returned invalid tool call arguments for "weather": unexpected end of JSON input',
        "llama-server chat stream event exceeded 256 MB limit",
    ],
)
def test_what_llama_server_says_while_it_lives_is_no_crash(message: str) -> None:
    assert isinstance(trouble(500, message), EngineFailed)


BAD_SCHEMA = (
    "Field 'json_schema': \"json_schema\": JSON schema conversion failed:\nJSON schema error at #: unknown canary"
)
BAD_PENALTY = "Failed to initialize samplers: penalty_repeat must be finite and greater than 0"
TOO_LONG = "request (610 tokens) exceeds the available context size (512 tokens), try increasing it"
NO_IMAGES = "Multimodal data provided, but model does not support multimodal requests."


def from_llama_server(message: str, code: int = 400) -> str:
    """As Ollama 0.32.15 passes it on: an object in a text in an object."""
    inner = {"error": {"code": code, "message": message, "type": "invalid_request_error"}}
    return json.dumps({"error": json.dumps(inner)})


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        (BAD_SCHEMA, ErrorCode.INVALID_JOB, "Ollama can't use format: JSON schema conversion failed"),
        (BAD_PENALTY, ErrorCode.INVALID_JOB, f"Ollama refused the request: {BAD_PENALTY}"),
        (TOO_LONG, ErrorCode.PROMPT_TOO_LONG, TOO_LONG),
        (NO_IMAGES, ErrorCode.UNSUPPORTED, NO_IMAGES),
    ],
)
def test_the_words_of_llama_server_are_unpacked(message: str, code: ErrorCode, words: str) -> None:
    found = error_of(400, from_llama_server(message))
    assert isinstance(found, JobError)
    assert (found.code, str(found)) == (code, words)


def test_an_error_of_llama_server_in_a_stream_is_unpacked() -> None:
    with pytest.raises(EngineFailed) as caught:
        collected(
            "/api/generate", {"error": {"error": {"code": 500, "message": "Compute error.", "type": "server_error"}}}
        )
    assert str(caught.value.blame) == "Ollama answered: Compute error."


@pytest.mark.parametrize("text", ["[]", "7", "null", '{"error": null}', '{"error": "[1]"}', "[" * 100_000])
def test_an_error_in_no_known_form_is_an_error_all_the_same(text: str) -> None:
    assert isinstance(error_of(500, text), EngineFailed)


def test_a_model_that_makes_no_embeddings_says_so_in_words_that_help() -> None:
    found = error_of(501, '{"error":"This server does not support embeddings. Start it with `--embeddings`"}')
    assert isinstance(found, EngineFailed)
    assert found.blame.code is ErrorCode.UNSUPPORTED
    assert "embedding models only" in str(found.blame)


@pytest.mark.parametrize("status", [404, 499, 503])
def test_a_busy_or_empty_ollama_is_waited_for(status: int) -> None:
    found = trouble(status, "server busy, please try again")
    assert isinstance(found, Unavailable)
    assert not isinstance(found, EngineCrashed)


@pytest.mark.parametrize("status", [401, 402, 403, 407, 408, 421, 429, 451])
def test_what_stands_before_ollama_refuses_whoever_comes(status: int) -> None:
    found = trouble(status, "too many requests")
    assert isinstance(found, EngineFailed)
    assert found.name == f"HTTP {status}"


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, '"gemma3:270m" does not support tools', ErrorCode.UNSUPPORTED),
        (400, '"gemma3:270m" does not support thinking', ErrorCode.UNSUPPORTED),
        (400, "the input length exceeds the context length", ErrorCode.PROMPT_TOO_LONG),
        (400, "prompt too long", ErrorCode.PROMPT_TOO_LONG),
        (400, "invalid options: seed", ErrorCode.INVALID_JOB),
        (422, "invalid format", ErrorCode.INVALID_JOB),
    ],
)
def test_what_ollama_refuses_is_the_jobs_trouble(status: int, message: str, code: ErrorCode) -> None:
    found = trouble(status, message)
    assert isinstance(found, JobError)
    assert found.code is code


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (501, "images are not supported by this model", ErrorCode.UNSUPPORTED),
        (500, "input exceeds maximum context size", ErrorCode.PROMPT_TOO_LONG),
        (500, "Failed to create new sequence: failed to process inputs: image: unknown format", ErrorCode.INVALID_JOB),
        (500, "Failed to create new sequence: failed to process inputs: unexpected EOF", ErrorCode.INVALID_JOB),
        (500, "failed to parse grammar", ErrorCode.ENGINE_ERROR),
        (500, "model requires more system memory (9.9 GiB) than is available (1.2 GiB)", ErrorCode.ENGINE_ERROR),
        (500, "no slots available after 10 retries", ErrorCode.ENGINE_ERROR),
        (502, "", ErrorCode.ENGINE_ERROR),
    ],
)
def test_what_goes_wrong_inside_ollama_is_the_jobs_only_where_others_are_answered(
    status: int, message: str, code: ErrorCode
) -> None:
    found = trouble(status, message)
    assert isinstance(found, EngineFailed)
    assert found.blame.code is code


@pytest.mark.parametrize(
    ("status", "message", "name"),
    [
        (500, "CUDA error: uncorrectable ECC error encountered", "HTTP 500 (CUDA error, uncorrectable ECC error)"),
        (500, "cuda ERROR: Out of Memory: canary", "HTTP 500 (CUDA error, out of memory)"),
        (502, "canary", "HTTP 502"),
        (500, "the prompt 'out of memory, canary' can't be read", "HTTP 500 (out of memory)"),
    ],
)
def test_the_name_of_an_error_holds_no_word_of_a_job(status: int, message: str, name: str) -> None:
    assert name_of(status, message) == name


def test_a_long_error_is_cut() -> None:
    assert len(blamed(500, "x" * 10_000)) < 300


def test_what_waits_quotes_nothing() -> None:
    assert "canary" not in str(trouble(503, "canary")) + str(trouble(500, "canary: unexpected EOF"))
    assert "canary" not in str(trouble(500, "canary"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"error": "bad thing"}', "bad thing"),
        ('{"error": {"message": "bad thing"}}', "bad thing"),
        ("bad thing", "bad thing"),
        ('{"other": "bad thing"}', "bad thing"),
        ('["bad thing"]', "bad thing"),
        ("7", "7"),
        ("", "Ollama answered"),
    ],
)
def test_an_error_response_of_any_form_is_read(text: str, words: str) -> None:
    found = error_of(500, text)
    assert isinstance(found, EngineFailed)
    assert words in str(found.blame)


def test_a_record_that_is_nested_deeper_than_python_reads_is_its_jobs() -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    with pytest.raises(JobError, match="nested too deeply to be read"):
        json_object(deep)
    assert error_of(500, deep.decode()) is not None
