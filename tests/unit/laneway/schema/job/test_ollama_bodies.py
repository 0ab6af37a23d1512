"""Bodies as people send them to Ollama: what is taken, what is passed over, and what is told of the rest."""

from __future__ import annotations

import base64
import json
from typing import Any

import jsonschema_rs
import pytest

from laneway.schema.job.fields.refusals import REFUSED_FIELDS, REFUSED_OPTIONS, Refusal
from laneway.schema.job.job import InvalidJob, Job, parse_job
from support.inputs.images import PNG

PUBLISHED = jsonschema_rs.validator_for(Job.model_json_schema())
NOT_BASE64 = "should be base64, such as iVBORw0KGgo="
USER = {"role": "user", "content": "a"}


def read(document: dict[str, Any]) -> Job:
    return parse_job(json.dumps(document).encode())


def refusal(document: dict[str, Any]) -> str:
    with pytest.raises(InvalidJob) as caught:
        read(document)
    return str(caught.value)


def chat(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"messages": [USER, *messages], **fields}


def called(**fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": [{"function": {"name": "f", **fields}}]}


PRETTY = base64.encodebytes(base64.b64decode(PNG)).decode()
"""As `base64` prints it: with line ends."""

TAKEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "stream off": ({"prompt": "a", "stream": False}, {"prompt": "a"}),
    "kept for ever": ({"prompt": "a", "keep_alive": -1}, {"prompt": "a"}),
    "no format": ({"prompt": "a", "format": ""}, {"prompt": "a"}),
    "no tools": (chat(tools=[], options={}), chat(options={})),
    "no images": ({"prompt": "a", "images": []}, {"prompt": "a"}),
    "nothing cut": ({"prompt": "a", "truncate": False, "shift": False, "suffix": ""}, {"prompt": "a"}),
    "no probabilities": (chat(logprobs=False, top_logprobs=0), chat()),
    "nulls": (
        {"prompt": "a", "system": None, "stream": None, "think": None, "options": {"num_ctx": None, "tfs_z": None}},
        {"prompt": "a", "options": {}},
    ),
    "samplers that are gone": ({"prompt": "a", "options": {"tfs_z": 1.0}}, {"prompt": "a", "options": {}}),
    "whole numbers with a point": (
        {"prompt": "a", "options": {"num_predict": 12.0, "top_k": 4e1, "seed": -0.0, "temperature": 0}},
        {"prompt": "a", "options": {"num_predict": 12, "top_k": 40, "seed": 0, "temperature": 0.0}},
    ),
    "a large seed": ({"prompt": "a", "options": {"seed": 2**40}}, {"prompt": "a", "options": {"seed": 2**40}}),
    "shorter vectors": ({"input": "a", "dimensions": 256.0}, {"input": "a", "dimensions": 256}),
    "base64 with line ends": ({"prompt": "a", "images": [PRETTY]}, {"prompt": "a", "images": [PNG]}),
    "a tool call as Ollama answers it": (
        chat({"role": "assistant", "content": None, "thinking": "b", "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"index": 0.0, "name": "f", "arguments": {"x": None}}}]}),
        chat({"role": "assistant", "content": "", "thinking": "b", "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"index": 0, "name": "f", "arguments": {"x": None}}}]}),
    ),
    "a call of nothing": (chat(called(arguments=None)), chat({**called(arguments={}), "content": ""})),
    "a bare tool": (
        chat(tools=[{"function": {"name": "f", "description": None, "parameters": None, "strict": False}}]),
        chat(tools=[{"type": "function", "function": {"name": "f", "description": "", "parameters": {}}}]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "kept"), TAKEN.values(), ids=TAKEN)
def test_what_ollama_takes_is_taken(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert json.loads(read(sent).to_body()) == kept
    assert PUBLISHED.is_valid(sent)


def test_what_asks_for_nothing_changes_no_hash() -> None:
    asked = {"prompt": "a", "options": {"num_predict": 5}}
    more = {
        "stream": False,
        "format": "",
        "images": [],
        "system": None,
        "options": {"num_predict": 5.0, "num_gpu": None},
    }
    assert read(asked | more).request_hash("m") == read(asked).request_hash("m")


def test_a_role_is_written_in_small_letters() -> None:
    found = read({"messages": [{"role": "User", "content": "a"}, {"role": "ASSISTANT"}]}).messages or []
    assert [message.role for message in found] == ["user", "assistant"]


def test_an_ordinary_body_is_told_everything_at_once() -> None:
    words = refusal({
        "prompt": "a", "stream": True, "keep_alive": "5m", "template": "b", "temperature": 0, "zzz": 1,
        "options": {"num_ctx": 4096, "num_predict": -1, "num_gpu": 1, "num_thread": 4, "tfs_z": 0.5, "stop": "c"},
    })  # fmt: skip
    for place in ("stream", "keep_alive", "template", "options.num_ctx", "options.num_predict", "options.tfs_z"):
        assert f"{place}: " in words
    assert "options.num_gpu, options.num_thread: not accepted: it would reload the model" in words
    assert "temperature: unknown field; it belongs in options" in words
    assert "zzz: unknown field; remove it" in words
    assert 'options.stop: should be a list, such as ["END"]' in words


def test_everything_that_does_not_go_together_is_told_at_once() -> None:
    words = refusal({"input": "a", "format": "json", "tools": [{"function": {"name": "f"}}], "think": True})
    assert all(f"{name} goes with" in words for name in ("format", "tools", "think"))


@pytest.mark.parametrize(
    ("place", "name", "refused"),
    [
        *(("", name, refused) for name, refused in REFUSED_FIELDS.items()),
        *(("options.", name, refused) for name, refused in REFUSED_OPTIONS.items()),
    ],
)
def test_what_a_job_has_not_is_refused_with_the_reason(place: str, name: str, refused: Refusal) -> None:
    other: list[Any] = ["a", 7, [1], not any(each is True for each in refused.nothing) or {}]
    for value in other:
        document = {name: value} if not place else {"options": {name: value}}
        assert refusal({"prompt": "a", **document}) == f"{place}{name}: not accepted: {refused.why}"
        assert not PUBLISHED.is_valid({"prompt": "a", **document})
    for nothing in (None, *refused.nothing):
        document = {name: nothing} if not place else {"options": {name: nothing}}
        assert read({"prompt": "a", **document}).prompt == "a"
        assert PUBLISHED.is_valid({"prompt": "a", **document})


@pytest.mark.parametrize(
    ("name", "value"), [("stream", 0), ("top_logprobs", False), ("keep_alive", "-1"), ("shift", 0.0)]
)
def test_what_is_only_like_nothing_is_refused(name: str, value: object) -> None:
    assert refusal({"prompt": "a", name: value}).startswith(f"{name}: not accepted: ")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"temprature": 0}, "temprature: unknown field; did you mean temperature of options?"),
        ({"top_p": 0.5}, "top_p: unknown field; it belongs in options"),
        ({"options": {"temprature": 0}}, "options.temprature: unknown field; did you mean temperature?"),
        ({"options": {"system": "b"}}, "options.system: unknown field; it belongs in the top level"),
        ({"options": {"stream": True}}, f"options.stream: not accepted: {REFUSED_FIELDS['stream'].why}"),
        ({"num_ctx": 5}, f"num_ctx: not accepted: {REFUSED_OPTIONS['num_ctx'].why}"),
        ({"max_tokens": 5}, "max_tokens: unknown field; did you mean num_predict of options?"),
        ({"response_format": {}}, "response_format: unknown field; did you mean format?"),
        ({"Stream": False}, f"Stream: not accepted: {REFUSED_FIELDS['stream'].why}"),
        ({"options": {"numCtx": 5}}, f"options.numCtx: not accepted: {REFUSED_OPTIONS['num_ctx'].why}"),
        ({"options": {"numPredict": 5}}, "options.numPredict: unknown field; did you mean num_predict?"),
        ({"maxTokens": 5}, "maxTokens: unknown field; did you mean num_predict of options?"),
        ({"TEMPERATURE": 5}, "TEMPERATURE: unknown field; did you mean temperature of options?"),
        ({"Options": {}}, "Options: unknown field; did you mean options?"),
    ],
)
def test_a_name_that_stands_elsewhere_is_led_there(fields: dict[str, Any], words: str) -> None:
    assert refusal({"prompt": "a", **fields}) == words


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (chat(called(arguments="{}")), "messages[1].tool_calls[0].function.arguments: should be an object with"),
        (chat({"role": "user", "content": [{"type": "text"}]}), "messages[1].content: should be a text: put"),
        (chat({"role": "tool", "name": "f"}), "messages[1].name: unknown field; did you mean tool_name?"),
        (chat(tools=[{"type": "function", "name": "f"}]), "tools[0].function: is missing; add it; tools[0].name"),
        ({"name": "m"} | chat(), "name: unknown field; did you mean model?"),
        ({"prompt": "a", "options": {"num_predict": 12.5}}, "options.num_predict: should be a whole number"),
        ({"prompt": "a", "options": {"num_predict": -1}}, "options.num_predict: should be at least 1: leave it out"),
        ({"prompt": "a", "options": {"seed": 1e300}}, "options.seed: should be less than or equal to"),
        ({"prompt": "a", "dimensions": 5}, "dimensions goes with input, not with prompt"),
        ({"prompt": "a", "images": ["data:image/png;base64,aGk="]}, f"images[0]: {NOT_BASE64}: leave out data:"),
        ({"prompt": "a", "images": ["https://a.example/b.png"]}, f"images[0]: {NOT_BASE64}, of the file itself"),
        ({"prompt": "a", "images": ["aG-_"]}, f"images[0]: {NOT_BASE64}, with + and /"),
        ({"prompt": "a", "images": ["aGk"]}, f"images[0]: {NOT_BASE64}, and its length"),
    ],
)  # fmt: skip
def test_what_others_write_in_a_fields_place_is_told_what_belongs_there(document: dict[str, Any], words: str) -> None:
    assert refusal(document).startswith(words)
