"""The bytes of every stream, as they stand on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.translate.ollama.answers import chat_of, generate_of
from laneway.translate.ollama.stream import Lines
from laneway.translate.openai.responses.stream import Events
from laneway.translate.openai.stream import CHAT_CHUNKS, COMPLETION_CHUNKS, DONE, Chunks
from support.inputs.offers import CHAT, CHAT_RECORDS, CUT, HEAD, JOB, TEXT, TEXT_RECORDS, TOOL_RECORDS, TOOLS, failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.translate.reply import Stream

STREAMS: dict[str, Callable[[], Stream]] = {
    "chunks": lambda: Chunks(CHAT_CHUNKS, HEAD, include_usage=False),
    "chunks with usage": lambda: Chunks(CHAT_CHUNKS, HEAD, include_usage=True),
    "completions": lambda: Chunks(COMPLETION_CHUNKS, HEAD, include_usage=True),
    "responses": lambda: Events(HEAD, {}),
    "ollama chat": lambda: Lines(chat_of, HEAD),
    "ollama generate": lambda: Lines(generate_of, HEAD),
}
EVENTS = [name for name in STREAMS if not name.startswith("ollama")]


def chunks(data: bytes) -> list[Any]:
    """The values of data-only events."""
    assert data.endswith(b"\n\n")
    found = data.decode().removesuffix("\n\n").split("\n\n")
    assert all(each.startswith("data: ") and "\n" not in each for each in found)
    return [json.loads(each.removeprefix("data: ")) for each in found if each != "data: [DONE]"]


def lines(data: bytes) -> list[Any]:
    assert data.isascii()
    assert b"\n\n" not in data
    return [json.loads(each) for each in data.splitlines()]


def whole(stream: Stream, records: list[dict[str, Any]], result: Any) -> bytes:
    return b"".join((stream.begin(), *(stream.add(each) for each in records), stream.end(result)))


def test_a_chat_begins_with_its_role_and_ends_with_its_reason_usage_and_done() -> None:
    data = whole(STREAMS["chunks with usage"](), CHAT_RECORDS, CHAT)
    assert data.endswith(DONE)
    found = chunks(data)
    about = {"id": f"chatcmpl-{JOB}", "object": "chat.completion.chunk", "created": 1795348800, "model": "gemma3:4b"}
    assert all(about.items() <= each.items() for each in found)
    assert [each["choices"][0]["delta"] for each in found[:-1]] == [
        {"role": "assistant", "content": ""},
        {"reasoning": "Fra"},
        {"reasoning": "nce."},
        {"content": "Par"},
        {"content": "is.\u2028"},
        {},
    ]
    assert [each["choices"][0]["finish_reason"] for each in found[:-1]] == [None] * 5 + ["stop"]
    assert [each["usage"] for each in found[:-1]] == [None] * 6
    assert found[-1]["choices"] == []
    assert found[-1]["usage"] == {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}


def test_without_being_asked_no_chunk_tells_of_usage() -> None:
    assert not any("usage" in each for each in chunks(whole(STREAMS["chunks"](), CHAT_RECORDS, CHAT)))


def test_tool_calls_are_numbered_through_and_have_their_arguments_as_text() -> None:
    found = chunks(whole(STREAMS["chunks"](), TOOL_RECORDS, TOOLS))
    calls = [call for each in found for call in each["choices"][0]["delta"].get("tool_calls", ())]
    assert calls == [
        {
            "index": 0,
            "id": "call_a1",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city": "Orléans"}'},
        },
        {"index": 1, "id": f"call_{JOB}_1", "type": "function", "function": {"name": "now", "arguments": "{}"}},
    ]
    assert found[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(("result", "reason"), [(CUT, "length"), (CHAT, "stop")])
def test_a_chat_tells_whether_it_was_cut(result: Any, reason: str) -> None:
    assert chunks(STREAMS["chunks"]().end(result))[0]["choices"][0]["finish_reason"] == reason
    assert lines(STREAMS["ollama chat"]().end(result))[0]["done_reason"] == reason


def test_a_responses_events_are_numbered_and_open_and_close_each_item() -> None:
    data = whole(STREAMS["responses"](), [*CHAT_RECORDS, *TOOL_RECORDS[:1]], CHAT).decode()
    found = [json.loads(each.partition("\ndata: ")[2]) for each in data.removesuffix("\n\n").split("\n\n")]
    assert [each["sequence_number"] for each in found] == [*range(len(found))]
    opened = ["output_item.added", "content_part.added"]
    closed = ["content_part.done", "output_item.done"]
    arguments = ["function_call_arguments.delta", "function_call_arguments.done"]
    assert [each["type"].removeprefix("response.") for each in found] == [
        *("created", "in_progress"),
        *(*opened, "reasoning_text.delta", "reasoning_text.delta", "reasoning_text.done", *closed),
        *(*opened, "output_text.delta", "output_text.delta", "output_text.done", *closed),
        *("output_item.added", *arguments, "output_item.done"),
        "completed",
    ]
    assert [each["output_index"] for each in found if "output_index" in each] == [0] * 7 + [1] * 7 + [2] * 4
    items = [each["item"] for each in found if each["type"] == "response.output_item.done"]
    assert found[-1]["response"]["output"] == items


def test_completions_are_one_object_from_the_first_to_the_last() -> None:
    found = chunks(whole(STREAMS["completions"](), TEXT_RECORDS, TEXT))
    assert {each["object"] for each in found} == {"text_completion"}
    assert [each["choices"][0]["text"] for each in found if each["choices"]] == ["", "", "Par", "is.", ""]


def test_ollamas_lines_end_with_done_and_the_engines_counters() -> None:
    found = lines(whole(STREAMS["ollama chat"](), CHAT_RECORDS, CHAT))
    assert all(each["model"] == "gemma3:4b" and each["created_at"] == "2026-11-22T12:00:00Z" for each in found)
    assert [each["message"].get("thinking", "") + each["message"]["content"] for each in found] == [
        "",
        "Fra",
        "nce.",
        "Par",
        "is.\u2028",
        "",
    ]
    assert [each["done"] for each in found] == [False] * 5 + [True]
    assert (found[-1]["done_reason"], found[-1]["load_duration"]) == ("stop", 100_000_000)
    texts = lines(whole(STREAMS["ollama generate"](), TEXT_RECORDS, TEXT))
    assert [each["response"] for each in texts] == ["", "", "Par", "is.", ""]


@pytest.mark.parametrize("name", STREAMS)
def test_a_keep_alive_is_a_value_that_says_nothing(name: str) -> None:
    stream = STREAMS[name]()
    stream.begin()
    data = stream.keep_alive()
    if name == "responses":
        assert data.startswith(b"event: response.in_progress\ndata: {")
    elif name.startswith("ollama"):
        (line,) = lines(data)
        assert (line.get("response", line.get("message", {}).get("content")), line["done"]) == ("", False)
    else:
        (choice,) = chunks(data)[0]["choices"]
        assert choice["finish_reason"] is None
        assert choice.get("delta", {"content": ""}) == {"content": ""}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize(
    "record", [{}, {"message": {}}, {"message": "x"}, {"response": 7}, {"done": True, "eval_count": 9}]
)
def test_a_record_that_says_nothing_leaves_no_trace(name: str, record: dict[str, Any]) -> None:
    assert STREAMS[name]().add(record) == b""


@pytest.mark.parametrize("name", STREAMS)
def test_of_a_record_only_what_was_said_passes(name: str) -> None:
    record = {"message": {"role": "system", "content": "a", "PLANTED": 1}, "model": "PLANTED", "context": ["PLANTED"]}
    data = STREAMS[name]().add(record)
    assert data
    assert b"PLANTED" not in data


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("words", ["nobody knows any more", "nobody knows any more."])
def test_an_error_of_ours_ends_as_a_sentence_before_its_job_is_named(name: str, words: str) -> None:
    assert f"nobody knows any more. Job: {JOB}".encode() in STREAMS[name]().fail(words)


@pytest.mark.parametrize("name", STREAMS)
def test_a_failed_job_ends_its_stream_with_the_doors_error(name: str) -> None:
    stream = STREAMS[name]()
    for data in (stream.end(failed(ErrorCode.STALLED)), stream.fail("The answer can't be followed any more.")):
        assert f"Job: {JOB}".encode() in data
        assert DONE not in data
        if name.startswith("ollama"):
            assert isinstance(lines(data)[-1]["error"], str)
            assert "done" not in lines(data)[-1]
        elif name != "responses":
            assert chunks(data)[-1]["error"].keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_replayed_is_what_was_streamed(name: str) -> None:
    result, records = (TEXT, TEXT_RECORDS) if name == "completions" else (CHAT, [{"message": dict(CHAT.message or {})}])
    later = STREAMS[name]()
    replayed = b"".join((later.begin(), later.replay(result), later.end(result)))
    assert b"Paris." in replayed
    if name != "completions":
        assert replayed == whole(STREAMS[name](), records, result)


@pytest.mark.parametrize("name", EVENTS)
def test_no_stream_has_what_clients_stumble_over(name: str) -> None:
    stream = STREAMS[name]()
    data = whole(stream, CHAT_RECORDS, CHAT) + stream.keep_alive()
    for event in data.decode().removesuffix("\n\n").split("\n\n"):
        fields = [each.partition(":")[0] for each in event.split("\n")]
        assert fields == (["event", "data"] if name == "responses" else ["data"])
