from __future__ import annotations

from typing import Any

import pytest

from laneway.translate.openai.errors import refusal
from laneway.translate.refused import Refused
from support.doors.translated import ENDPOINTS
from support.inputs.offers import EMBEDDER, EVERYTHING, MODEL, OFFERS, offer

CHAT, COMPLETION, EMBEDDINGS = "/v1/chat/completions", "/v1/completions", "/v1/embeddings"
RESPONSE = "/v1/responses"
LEAST: dict[str, dict[str, Any]] = {
    CHAT: {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]},
    COMPLETION: {"model": MODEL, "prompt": "hi"},
    EMBEDDINGS: {"model": EMBEDDER, "input": "hi"},
    RESPONSE: {"model": MODEL, "input": "hi"},
}
IMAGE = "messages[0].content[0].image_url.url"
FUNCTION = {"name": "weather", "arguments": "{"}


def _said(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def _image(url: str) -> dict[str, Any]:
    return _said([{"type": "image_url", "image_url": {"url": url}}])


def _form(**fields: Any) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", **fields}}


NOT_ACCEPTED: list[tuple[str, dict[str, Any], str, str]] = [
    (CHAT, {"n": 2}, "n", "n: not accepted: a job has one answer"),
    (CHAT, {"logprobs": True}, "logprobs", "no place for probabilities"),
    (CHAT, {"top_logprobs": 3}, "top_logprobs", "no place for probabilities"),
    (CHAT, {"functions": [{"name": "f"}]}, "functions", "so send tools"),
    (CHAT, {"function_call": {"name": "f"}}, "function_call", "so send tool_choice"),
    (CHAT, {"modalities": ["text", "audio"]}, "modalities", "answers are text"),
    (CHAT, {"audio": {"voice": "x"}}, "audio", "answers are text"),
    (CHAT, {"web_search_options": {}}, "web_search_options", "nothing is fetched"),
    (CHAT, {"messages": []}, "messages", "should have at least 1 item"),
    (CHAT, {"messages": None}, "messages", "messages: is missing"),
    (CHAT, {"messages": "hi"}, "messages", "should be a list"),
    (CHAT, {"messages": ["hi"]}, "messages[0]", "should be an object with fields"),
    (CHAT, {"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role", "should be 'system'"),
    (CHAT, {"messages": [{"role": "function", "name": "f", "content": "x"}]}, "messages[0].role", "should be"),
    (CHAT, _said([{"type": "input_audio", "input_audio": {}}]), "messages[0].content[0].type", "should be 'text'"),
    (CHAT, _said([{"type": "image_url"}]), "messages[0].content[0]", "image_url: is missing"),
    (CHAT, _image("https://example.com/a.png"), IMAGE, "nothing is fetched"),
    (CHAT, _image("data:image/png,abc"), IMAGE, "data:image/png;base64"),
    (CHAT, _image("data:image/png;base64,-_-_"), "messages[0].images[0]", "should be base64"),
    (
        CHAT,
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": FUNCTION}]}]},
        "messages[0].tool_calls[0].function.arguments",
        "should be the text of a JSON object",
    ),
    (CHAT, {"messages": [{"role": "assistant", "function_call": FUNCTION}]}, "messages.function_call", "tool_calls"),
    (CHAT, {"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type", "should be 'function'"),
    (CHAT, {"tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice", "one of tools"),
    (CHAT, {"tool_choice": "some"}, "tool_choice.type", "should be 'none'"),
    (CHAT, _form(), "response_format.json_schema", "is missing"),
    (CHAT, _form(json_schema={"name": "x"}), "response_format.json_schema.schema", "is missing"),
    (CHAT, {"response_format": {"type": "grammar"}}, "response_format.type", "should be 'text'"),
    (CHAT, {"reasoning_effort": "much"}, "reasoning_effort", "should be 'none'"),
    (CHAT, {"temperature": 9}, "temperature", "temperature: should be less than or equal to 5"),
    (CHAT, {"temperature": "hot"}, "temperature", "should be a number, without quotes"),
    (CHAT, {"top_p": 2}, "top_p", "less than or equal to 1"),
    (CHAT, {"presence_penalty": 3}, "presence_penalty", "less than or equal to 2"),
    (CHAT, {"seed": 2**64}, "seed", "less than or equal to"),
    (CHAT, {"seed": 1.5}, "seed", "should be a whole number"),
    (CHAT, {"max_tokens": 0}, "max_tokens", "should be at least 1"),
    (CHAT, {"stop": [1]}, "stop[0]", "should be a text"),
    (CHAT, {"stream": "yes"}, "stream", "should be true or false"),
    (COMPLETION, {"prompt": ["a", "b"]}, "prompt", "a request for each"),
    (COMPLETION, {"prompt": [1, 2]}, "prompt", "tokens are not taken"),
    (COMPLETION, {"prompt": ""}, "prompt", "at least 1 character"),
    (COMPLETION, {"echo": True}, "echo", "the prompt is not sent back"),
    (COMPLETION, {"suffix": "x"}, "suffix", "not supported yet"),
    (COMPLETION, {"best_of": 3}, "best_of", "one answer"),
    (COMPLETION, {"logprobs": 2}, "logprobs", "no place for probabilities"),
    (EMBEDDINGS, {"input": [1, 2]}, "input", "check_embedding_ctx_length=False"),
    (EMBEDDINGS, {"input": [[1], [2]]}, "input", "check_embedding_ctx_length=False"),
    (EMBEDDINGS, {"input": []}, "input", "at least 1 item"),
    (EMBEDDINGS, {"input": ["a", ""]}, "input", "at least 1 character"),
    (EMBEDDINGS, {"encoding_format": "hex"}, "encoding_format", "should be 'float' or 'base64'"),
    (RESPONSE, {"previous_response_id": "resp_1"}, "previous_response_id", "send the whole conversation as input"),
    (RESPONSE, {"conversation": "c"}, "conversation", "send the whole conversation as input"),
    (RESPONSE, {"prompt": {"id": "p"}}, "prompt", "send instructions and input"),
    (RESPONSE, {"input": []}, "input", "at least 1 item"),
    (RESPONSE, {"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type", "should be 'message'"),
    (
        RESPONSE,
        {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file_1"}]}]},
        "input[0].content[0]",
        "image_url: is missing",
    ),
    (RESPONSE, {"tools": [{"type": "web_search"}]}, "tools[0].name", "is missing"),
    (RESPONSE, {"text": {"format": {"type": "json_schema"}}}, "text.format.schema", "is missing"),
    (RESPONSE, {"max_output_tokens": 0}, "max_output_tokens", "should be at least 1"),
    (RESPONSE, {"background": "yes"}, "background", "should be true or false"),
]


def _refused(path: str, body: Any, offers: Any = OFFERS) -> Refused:
    with pytest.raises(Refused) as raised:
        ENDPOINTS[path](body, offers)
    return raised.value


@pytest.mark.parametrize(("path", "changed", "param", "words"), NOT_ACCEPTED)
def test_what_is_refused_is_named_with_what_to_change(
    path: str, changed: dict[str, Any], param: str, words: str
) -> None:
    reply = refusal(_refused(path, LEAST[path] | changed))
    assert reply.status == 400
    error = reply.body["error"]
    assert words in error["message"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, "invalid_job")
    assert reply.headers == {"x-should-retry": "false"}


@pytest.mark.parametrize("path", LEAST)
@pytest.mark.parametrize("body", [None, [], "hi", 1, True])
def test_a_body_is_an_object(path: str, body: Any) -> None:
    assert str(_refused(path, body)) == "the body should be a JSON object with fields"


@pytest.mark.parametrize("path", LEAST)
@pytest.mark.parametrize("model", ["gpt-4o", "lane:none", "", "lane:", "GEMMA3:4b", "gemma3:4b\r\nX: y"])
def test_an_unknown_model_is_told_which_there_are(path: str, model: str) -> None:
    reply = refusal(_refused(path, LEAST[path] | {"model": model}))
    assert reply.status == 404
    error = reply.body["error"]
    assert error["message"].endswith("not found; use one of these: gemma3:4b, lane:slow, nomic-embed-text")
    assert "\n" not in error["message"]
    assert (error["type"], error["param"], error["code"]) == ("not_found_error", "model", "model_not_found")


@pytest.mark.parametrize(
    ("path", "changed", "lacks", "words"),
    [
        (CHAT, {"tools": [{"function": {"name": "f"}}]}, "tools", "leave tools out"),
        (CHAT, _image("data:image/png;base64,iVBORw0KGgo="), "vision", "leave images out"),
        (CHAT, {"reasoning_effort": "low"}, "thinking", "ask for no thinking"),
        (CHAT, {}, "completion", "ask for embeddings"),
        (RESPONSE, {"reasoning": {"effort": "high"}}, "thinking", "ask for no thinking"),
        (EMBEDDINGS, {"model": MODEL}, "embedding", "use an embedding model"),
    ],
)
def test_what_the_model_cannot_do_is_refused_before_a_gpu_wakes(
    path: str, changed: dict[str, Any], lacks: str, words: str
) -> None:
    body = LEAST[path] | {"model": MODEL} | changed
    can = [each for each in (*EVERYTHING, "embedding") if each != lacks]
    refused = _refused(path, body, (offer("fast", MODEL, can),))
    assert f'"{MODEL}" does not support {lacks}: {words}' in str(refused)
    assert refusal(refused).body["error"]["code"] == "unsupported"
    for known in (None, [], [*can, lacks]):
        ENDPOINTS[path](body, (offer("fast", MODEL, known),))


def test_no_thinking_can_be_asked_of_every_model() -> None:
    ENDPOINTS[CHAT](LEAST[CHAT] | {"reasoning_effort": "none"}, (offer("fast", MODEL, ["completion"]),))


def test_a_request_too_large_for_a_message_is_refused_with_413() -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "x" * 600_000}] * 2}
    reply = refusal(_refused(CHAT, body))
    assert reply.status == 413
    assert "send less text or smaller images" in reply.body["error"]["message"]


def test_no_text_of_a_request_is_in_a_refusal() -> None:
    body = LEAST[CHAT] | {"messages": [{"role": "PLANTED", "content": {"PLANTED": 1}}], "stop": {"a": "PLANTED"}}
    assert "PLANTED" not in str(_refused(CHAT, body))
