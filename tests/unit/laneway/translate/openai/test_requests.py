from __future__ import annotations

from typing import Any

import pytest

from support.doors.translated import ENDPOINTS
from support.inputs.offers import MODEL, MOST_TOKENS, OFFERS

HI = [{"role": "user", "content": "hi"}]
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("a", "b")]
TOOL_JOBS = [
    {"type": "function", "function": {"name": name, "description": "", "parameters": {}}} for name in ("a", "b")
]
SCHEMA = {"type": "object", "properties": {"x": {"type": "string", "default": None}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "a", "arguments": ""}}
NAMED = {"type": "function", "function": {"name": "b"}}
ALLOWED = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [NAMED]}}


def _chat(**fields: Any) -> Any:
    return ENDPOINTS["/v1/chat/completions"]({"model": MODEL, "messages": HI} | fields, OFFERS)


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({}, {"temperature": 1.0, "top_p": 1.0}),
        ({"temperature": None, "top_p": None, "stop": None, "seed": None}, {"temperature": 1.0, "top_p": 1.0}),
        ({"temperature": 0, "top_p": 0.5}, {"temperature": 0.0, "top_p": 0.5}),
        ({"max_tokens": 9}, {"num_predict": 9}),
        ({"max_tokens": 9, "max_completion_tokens": 7}, {"num_predict": 7}),
        ({"max_tokens": 12.0}, {"num_predict": 12}),
        ({"max_tokens": 1_000_000}, {"num_predict": MOST_TOKENS}),
        ({"max_tokens": -1}, {}),
        ({"seed": 2**60 + 7}, {"seed": 7}),
        ({"stop": "END"}, {"stop": ["END"]}),
        ({"stop": ["a", "", "b"]}, {"stop": ["a", "b"]}),
        ({"stop": ""}, {}),
        ({"stop": []}, {}),
        (
            {"seed": 7, "presence_penalty": 1, "frequency_penalty": -1},
            {"seed": 7, "presence_penalty": 1.0, "frequency_penalty": -1.0},
        ),
    ],
)
def test_options_have_ollamas_names_and_openais_defaults(asked: dict[str, Any], options: dict[str, Any]) -> None:
    assert _chat(**asked).body["options"] == {"temperature": 1.0, "top_p": 1.0} | options


@pytest.mark.parametrize(
    ("asked", "field", "value"),
    [
        ({"reasoning_effort": "none"}, "think", False),
        ({"reasoning_effort": "minimal"}, "think", "low"),
        ({"reasoning_effort": "medium"}, "think", "medium"),
        ({"reasoning_effort": "xhigh"}, "think", "max"),
        ({"reasoning": {"effort": "high"}}, "think", "high"),
        ({}, "think", None),
        ({"response_format": {"type": "text"}}, "format", None),
        ({"response_format": {"type": "json_object"}}, "format", "json"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}},
            "format",
            SCHEMA,
        ),
        ({"tools": []}, "tools", None),
        ({"tools": TOOLS}, "tools", TOOL_JOBS),
        ({"tools": TOOLS, "tool_choice": "auto"}, "tools", TOOL_JOBS),
        ({"tools": TOOLS, "tool_choice": "none"}, "tools", None),
        ({"tools": TOOLS, "tool_choice": "required"}, "tools", TOOL_JOBS),
        ({"tools": TOOLS, "tool_choice": NAMED}, "tools", TOOL_JOBS[1:]),
        ({"tools": TOOLS, "tool_choice": ALLOWED}, "tools", TOOL_JOBS[1:]),
    ],
)
def test_what_shapes_an_answer_has_its_place_in_the_job(asked: dict[str, Any], field: str, value: Any) -> None:
    assert _chat(**asked).body.get(field) == value


@pytest.mark.parametrize(
    ("message", "becomes"),
    [
        ({"role": "developer", "content": "x"}, {"role": "system", "content": "x"}),
        (
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "user", "content": "a\nb"},
        ),
        ({"role": "user", "name": "Ann", "content": "x"}, {"role": "user", "content": "x"}),
        ({"role": "assistant", "content": None, "refusal": "No."}, {"role": "assistant", "content": "No."}),
        (
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
            {"role": "assistant", "content": "No."},
        ),
        (
            {"role": "assistant", "content": "x", "reasoning_content": "t"},
            {"role": "assistant", "content": "x", "thinking": "t"},
        ),
        (
            {"role": "assistant", "tool_calls": [CALL]},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "c1", "function": {"name": "a", "arguments": {}}}],
            },
        ),
        ({"role": "tool", "tool_call_id": "?", "content": "x"}, {"role": "tool", "content": "x", "tool_call_id": "?"}),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": "DATA:image/JPEG;base64,iVBORw0KGgo="}]},
            {"role": "user", "content": "", "images": ["iVBORw0KGgo="]},
        ),
    ],
)
def test_each_message_becomes_one(message: dict[str, Any], becomes: dict[str, Any]) -> None:
    assert _chat(messages=[message]).body["messages"] == [becomes]


def test_a_tools_answer_has_the_name_of_what_it_answers() -> None:
    answer = {"role": "tool", "tool_call_id": "c1", "content": "x"}
    made = _chat(messages=[{"role": "assistant", "tool_calls": [CALL]}, answer]).body["messages"]
    assert made[1] == {"role": "tool", "content": "x", "tool_call_id": "c1", "tool_name": "a"}


@pytest.mark.parametrize(
    ("asked", "ignored"),
    [
        ({}, ()),
        ({"user": "u", "logit_bias": {"1": 2}, "metadata": None}, ("user", "logit_bias")),
        ({"parallel_tool_calls": False, "store": False, "top_k": 4}, ("parallel_tool_calls", "store", "top_k")),
        ({"messages": [{"role": "user", "name": "n", "content": "x"}] * 2}, ("messages.name",)),
        ({"tools": [{"function": {"name": "a", "strict": True}}]}, ("tools.function.strict",)),
        ({"tools": TOOLS, "tool_choice": "required"}, ("tool_choice",)),
        ({"n": 1, "logprobs": False, "modalities": ["text"], "functions": []}, ()),
        ({"a\r\nX-Evil: 1": 1, "ä" * 99: 1}, ("a??X-Evil??1", "?" * 64)),
        ({f"f{number}": 1 for number in range(99)}, tuple(f"f{number}" for number in range(32))),
    ],
)
def test_what_is_left_out_is_named_as_a_header_can_hold_it(asked: dict[str, Any], ignored: tuple[str, ...]) -> None:
    assert _chat(**asked).ignored == ignored


def test_what_is_not_the_jobs_is_passed_on() -> None:
    wanted = _chat(stream=True, stream_options={"include_usage": True}, service_tier="flex").wanted
    assert (wanted.stream, wanted.include_usage, wanted.service_tier) == (True, True, "flex")
    vectors = ENDPOINTS["/v1/embeddings"]({"model": "nomic-embed-text:latest", "input": "a", "dimensions": 8}, OFFERS)
    assert (vectors.lane, vectors.wanted.base64, vectors.body) == ("vectors", False, {"input": ["a"], "dimensions": 8})


@pytest.mark.parametrize(("model", "lane"), [(MODEL, "fast"), ("lane:slow", "slow"), ("library/gemma3:4b", "fast")])
def test_the_model_chooses_the_lane_and_stays_behind(model: str, lane: str) -> None:
    made = _chat(model=model)
    assert (made.lane, made.model, "model" in made.body) == (lane, model, False)
