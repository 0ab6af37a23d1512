"""The real clients, unmodified, read every answer and every stream that the translation makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import ollama
import openai
import pytest
from pydantic import BaseModel

from laneway.schema.job.codes import ErrorCode
from laneway.translate.ollama.errors import FORBIDDEN
from laneway.translate.statuses import STATUSES
from support.doors.server import Door, door
from support.inputs.offers import (
    CALLS,
    CHAT,
    CHAT_RECORDS,
    CUT,
    EMBEDDER,
    JOB,
    MODEL,
    TEXT,
    TEXT_RECORDS,
    TOOL_RECORDS,
    TOOLS,
    VECTORS,
    failed,
    result,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

HI: Any = [{"role": "user", "content": "hi"}]


class Answer(BaseModel):
    city: str


@pytest.fixture
def served() -> Iterator[Door]:
    with door() as it:
        yield it


@pytest.fixture
def client(served: Door) -> Iterator[openai.OpenAI]:
    """Strict: what is not as its types say is an error."""
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="k", _strict_response_validation=True) as client:
        yield client


@pytest.fixture
def usual(served: Door) -> Iterator[openai.OpenAI]:
    """As people have it: its types know neither base64 nor completions that are not yet done, which it asks for."""
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="k") as client:
        yield client


@pytest.fixture
def native(served: Door) -> Iterator[ollama.Client]:
    client = ollama.Client(host=served.url)
    yield client
    client._client.close()


def test_openai_reads_a_chat(served: Door, client: openai.OpenAI) -> None:
    served.result = CHAT
    chat = client.chat.completions.create(model=MODEL, messages=HI)
    assert (chat.choices[0].message.content, chat.choices[0].finish_reason) == ("Paris.", "stop")
    assert chat.choices[0].message.model_dump()["reasoning"] == "France."
    assert chat.usage
    assert chat.usage.total_tokens == 17


def test_openai_reads_tool_calls(served: Door, client: openai.OpenAI) -> None:
    served.result = TOOLS
    choice = client.chat.completions.create(model=MODEL, messages=HI).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert [call.to_dict() for call in choice.message.tool_calls or ()] == [
        {"id": "call_a1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Orléans"}'}}
    ]


def test_openai_reads_a_form(served: Door, client: openai.OpenAI) -> None:
    served.result = result(message={"role": "assistant", "content": '{"city": "Paris"}'})
    parsed = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Answer)
    assert parsed.choices[0].message.parsed == Answer(city="Paris")


def test_openai_reads_a_streamed_chat(served: Door, client: openai.OpenAI) -> None:
    served.result, served.records = CHAT, CHAT_RECORDS
    chunks = [
        *client.chat.completions.create(model=MODEL, messages=HI, stream=True, stream_options={"include_usage": True})
    ]
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(each.content or "" for each in deltas) == "Paris.\u2028"
    assert "".join(each.to_dict().get("reasoning", "") for each in deltas) == "France."
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-2:] == [None, "stop"]
    assert (chunks[-1].choices, chunks[-1].usage and chunks[-1].usage.prompt_tokens) == ([], 12)
    assert len({(chunk.id, chunk.created) for chunk in chunks}) == 1


def test_openai_puts_streamed_tool_calls_together(served: Door, client: openai.OpenAI) -> None:
    served.result, served.records = TOOLS, TOOL_RECORDS
    with client.chat.completions.stream(model=MODEL, messages=HI) as stream:
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls"
    calls = [(call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()]
    assert calls == [("call_a1", "weather", '{"city": "Orléans"}'), (f"call_{JOB}_1", "now", "{}")]


@pytest.mark.parametrize("records", [TEXT_RECORDS, []])
def test_openai_reads_completions(served: Door, usual: openai.OpenAI, records: list[dict[str, Any]]) -> None:
    served.records = records
    assert usual.completions.create(model=MODEL, prompt="hi").choices[0].text == "Paris."
    chunks = [*usual.completions.create(model=MODEL, prompt="hi", stream=True)]
    assert "".join(chunk.choices[0].text for chunk in chunks) == "Paris."
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("kind", ["float", "base64", None])
def test_openai_reads_vectors(served: Door, usual: openai.OpenAI, kind: Any) -> None:
    served.result = VECTORS
    wanted: dict[str, Any] = {"encoding_format": kind} if kind else {}
    made = usual.embeddings.create(model=EMBEDDER, input=["a", "b"], **wanted)
    if kind == "base64":
        assert made.data[1].model_dump(warnings=False)["embedding"] == "AACAPgAAAEA="
    else:
        assert [each.embedding for each in made.data] == [[0.5, -1.0], [0.25, 2.0]]
    assert made.usage.prompt_tokens == 12


def test_openai_reads_responses(served: Door, client: openai.OpenAI) -> None:
    served.result = CHAT
    made = client.responses.create(model=MODEL, input="hi", instructions="Be brief.")
    assert (made.output_text, made.status, made.instructions) == ("Paris.", "completed", "Be brief.")
    assert [each.type for each in made.output] == ["reasoning", "message"]
    assert made.usage
    assert made.usage.output_tokens == 5
    served.result = CUT
    assert client.responses.create(model=MODEL, input="hi").incomplete_details
    served.result = failed(ErrorCode.PROMPT_TOO_LONG)
    error = client.responses.create(model=MODEL, input="hi").error
    assert error
    assert error.code == "invalid_prompt"
    assert JOB in error.message


@pytest.mark.parametrize(
    ("whole", "records", "kinds"),
    [
        (CHAT, CHAT_RECORDS, ["reasoning", "message"]),
        (TOOLS, TOOL_RECORDS, ["function_call"] * 2),
        (CUT, [], ["message"]),
    ],
)
def test_openai_puts_a_streamed_response_together(
    served: Door, client: openai.OpenAI, whole: Any, records: list[dict[str, Any]], kinds: list[str]
) -> None:
    served.result, served.records = whole, records
    events = [*client.responses.create(model=MODEL, input="hi", stream=True)]
    assert [each.sequence_number for each in events] == [*range(len(events))]
    assert events[-1].type == ("response.incomplete" if whole is CUT else "response.completed")
    assert [each.type for each in events[-1].response.output] == kinds
    if whole is not CUT:
        with client.responses.stream(model=MODEL, input="hi") as stream:
            final = stream.get_final_response()
        assert final.output_text == ("Paris.\u2028" if whole is CHAT else "")


def test_a_streamed_response_of_a_failed_job_says_so(served: Door, client: openai.OpenAI) -> None:
    served.result = failed(ErrorCode.STALLED)
    last = [*client.responses.create(model=MODEL, input="hi", stream=True)][-1]
    assert last.type == "response.failed"
    assert last.response.error
    assert last.response.error.code == "server_error"


def test_openai_lists_models(client: openai.OpenAI) -> None:
    assert [each.id for each in client.models.list()] == [MODEL, "lane:slow", EMBEDDER]
    assert client.models.retrieve("lane:slow").owned_by == "laneway"
    with pytest.raises(openai.NotFoundError, match="use one of these: gemma3:4b, lane:slow"):
        client.models.retrieve("hf.co/x/y:Q4_K_M")


@pytest.mark.parametrize("code", ErrorCode)
def test_openai_raises_each_code_once(served: Door, client: openai.OpenAI, code: ErrorCode) -> None:
    served.result = failed(code)
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model=MODEL, messages=HI)
    assert raised.value.status_code == STATUSES[code]
    assert raised.value.code
    assert f"Job: {JOB}" in str(raised.value)
    assert raised.value.response.request.headers["x-stainless-retry-count"] == "0"


def test_openai_raises_the_error_of_a_stream(served: Door, usual: openai.OpenAI) -> None:
    served.result = failed(ErrorCode.FORMAT_NOT_MET)
    for create in (
        lambda: usual.chat.completions.create(model=MODEL, messages=HI, stream=True),
        lambda: usual.completions.create(model=MODEL, prompt="hi", stream=True),
    ):
        with pytest.raises(openai.APIError, match=f"Job: {JOB}"):
            [*create()]


def test_ollama_reads_a_chat(served: Door, native: ollama.Client) -> None:
    served.result = CHAT
    made = native.chat(MODEL, HI)
    assert (made.message.content, made.message.thinking, made.done_reason) == ("Paris.", "France.", "stop")
    assert (made.total_duration, made.eval_count) == (2_000_000_000, 5)


def test_ollama_reads_a_streamed_chat(served: Door, native: ollama.Client) -> None:
    served.result, served.records = CHAT, CHAT_RECORDS
    parts = [*native.chat(MODEL, HI, stream=True)]
    assert "".join(each.message.content or "" for each in parts) == "Paris.\u2028"
    assert "".join(each.message.thinking or "" for each in parts) == "France."
    assert [each.done for each in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].load_duration == 100_000_000


def test_ollama_reads_tool_calls(served: Door, native: ollama.Client) -> None:
    served.result = TOOLS
    calls = native.chat(MODEL, HI).message.tool_calls or ()
    assert [call.function.arguments for call in calls] == [CALLS[0]["function"]["arguments"]]  # type: ignore[index] # because it is JSON
    served.records = TOOL_RECORDS
    streamed = [call for part in native.chat(MODEL, HI, stream=True) for call in part.message.tool_calls or ()]
    assert [call.function.name for call in streamed] == ["weather", "now"]


@pytest.mark.parametrize("records", [TEXT_RECORDS, []])
def test_ollama_reads_generated_text(served: Door, native: ollama.Client, records: list[dict[str, Any]]) -> None:
    served.result, served.records = TEXT, records
    assert native.generate(MODEL, "hi").response == "Paris."
    parts = [*native.generate(MODEL, "hi", stream=True)]
    assert "".join(each.response or "" for each in parts) == "Paris."
    assert parts[-1].done_reason == "stop"


def test_ollama_reads_vectors(served: Door, native: ollama.Client) -> None:
    served.result = VECTORS
    assert native.embed(EMBEDDER, ["a", "b"]).embeddings == [[0.5, -1.0], [0.25, 2.0]]
    assert native.embeddings(EMBEDDER, "a").embedding == [0.5, -1.0]


def test_ollama_loads_at_once(native: ollama.Client) -> None:
    assert native.chat(MODEL).done_reason == "load"
    assert native.generate(MODEL, keep_alive=0).done_reason == "unload"
    assert native.embed(EMBEDDER, []).embeddings == []


def test_ollama_reads_the_catalogue(native: ollama.Client) -> None:
    listed = native.list().models
    assert [each.model for each in listed] == [MODEL, "lane:slow", EMBEDDER]
    assert listed[0].details
    assert listed[0].details.family == "gemma3"
    assert [each.model for each in native.ps().models] == [MODEL, "lane:slow", EMBEDDER]
    shown = native.show(MODEL)
    assert shown.parameters == "num_ctx 8192"
    assert shown.capabilities == ["completion", "tools", "vision", "thinking"]
    assert shown.modelinfo
    assert shown.modelinfo["general.architecture"] == "gemma3"


@pytest.mark.parametrize("code", ErrorCode)
def test_ollama_raises_each_code(served: Door, native: ollama.Client, code: ErrorCode) -> None:
    served.result = failed(code)
    with pytest.raises(ollama.ResponseError, match=f"Job: {JOB}") as raised:
        native.chat(MODEL, HI)
    assert raised.value.status_code == STATUSES[code]
    with pytest.raises(ollama.ResponseError, match=f"Job: {JOB}"):
        [*native.generate(MODEL, "hi", stream=True)]


@pytest.mark.parametrize("verb", FORBIDDEN)
def test_nobody_changes_the_models(served: Door, verb: str) -> None:
    method = "DELETE" if verb == "delete" else "POST"
    answer = httpx.request(method, f"{served.url}/api/{verb}", json={"model": MODEL})
    assert answer.status_code == 403
    assert answer.json()["error"].startswith(f"{verb} is not accepted: the pool's own file")
