from __future__ import annotations

import json
from typing import Any

import pytest

from laneway.schema.job.job import InvalidJob, Job, parse_job


def words_of_refusal(**document: Any) -> str:
    with pytest.raises(InvalidJob) as caught:
        parse_job(json.dumps(document).encode())
    return str(caught.value)


def read(**document: Any) -> Job:
    return parse_job(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("promt", "prompt"),
        ("message", "messages"),
        ("option", "options"),
        ("expires_a", "expires_at"),
        ("lables", "labels"),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest_one(wrong: str, right: str) -> None:
    assert words_of_refusal(**{wrong: "a"}) == f"{wrong}: unknown field; did you mean {right}?"


def test_an_unknown_field_that_is_near_to_nothing_is_named_alone() -> None:
    assert words_of_refusal(prompt="a", zzzz=1) == "zzzz: unknown field; remove it"


def test_a_long_unknown_field_is_cut() -> None:
    assert "z" * 81 not in words_of_refusal(prompt="a", **{"z" * 100_000: 1})


@pytest.mark.parametrize(
    ("option", "low", "high", "below", "above"),
    [
        ("num_predict", 1, 131_072, 0, 131_073),
        ("temperature", 0, 5, -0.1, 5.1),
        ("seed", 1 - 2**53, 2**53 - 1, -(2**53), 2**53),
        ("top_k", 0, 100_000, -1, 100_001),
        ("top_p", 0, 1, -0.1, 1.1),
        ("min_p", 0, 1, -0.1, 1.1),
        ("typical_p", 0, 1, -0.1, 1.1),
        ("repeat_last_n", -1, 131_072, -2, 131_073),
        ("repeat_penalty", 0, 10, -0.1, 10.1),
        ("presence_penalty", -2, 2, -2.1, 2.1),
        ("frequency_penalty", -2, 2, -2.1, 2.1),
        ("mirostat", 0, 2, -1, 3),
        ("mirostat_eta", 0, 10, -0.1, 10.1),
        ("mirostat_tau", 0, 100, -0.1, 100.1),
        ("num_keep", 0, 131_072, -1, 131_073),
    ],
)
def test_options_have_bounds(option: str, low: float, high: float, below: float, above: float) -> None:
    for inside in (low, high):
        assert getattr(read(prompt="a", options={option: inside}).options, option) == inside
    for outside in (below, above):
        assert words_of_refusal(prompt="a", options={option: outside}).startswith(f"options.{option}: ")


@pytest.mark.parametrize("value", [-1, -2, True, "12", 1.5, [1], {}])
def test_num_predict_is_a_number_of_tokens(value: object) -> None:
    assert words_of_refusal(prompt="a", options={"num_predict": value}).startswith("options.num_predict: ")


@pytest.mark.parametrize("stop", [[""], ["x" * 257], ["a"] * 17, "a", [1]])
def test_stop_is_a_short_list_of_texts(stop: object) -> None:
    assert words_of_refusal(prompt="a", options={"stop": stop}).startswith("options.stop")


@pytest.mark.parametrize(
    "when",
    [
        "2026-11-22T18:00:00",
        "2026-11-22",
        "tomorrow",
        "",
        "2026-13-01T00:00:00Z",
        "2026-11-22T18:00 CET",
        [],
        1_900_000_000,
        True,
    ],
)
def test_a_deadline_needs_a_zone(when: object) -> None:
    words = words_of_refusal(prompt="a", expires_at=when)
    assert words == "expires_at: should be a time with its zone, such as 2026-11-22T18:00:00Z"


@pytest.mark.parametrize(("value", "words"), [("0.2", ", without quotes"), ([], ""), (True, "")])
def test_a_number_is_told_from_a_text(value: object, words: str) -> None:
    assert words_of_refusal(prompt="a", options={"top_p": value}) == f"options.top_p: should be a number{words}"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "give exactly one of prompt, messages and input, not none"),
        ({"prompt": "a", "input": "b"}, "give exactly one of prompt, messages and input, not prompt and input"),
        (
            {"prompt": "a", "messages": [{"role": "user", "content": "b"}]},
            "give exactly one of prompt, messages and input, not prompt and messages",
        ),
        (
            {"prompt": "a", "raw": True, "system": "b"},
            "raw: true sends the prompt as it is; write the system text into it",
        ),
        ({"prompt": "a", "tools": [{"function": {"name": "f"}}]}, "tools goes with messages, not with prompt"),
        (
            {"messages": [{"role": "user", "content": "b"}], "system": "a"},
            "system goes with prompt, not with messages",
        ),
        ({"messages": [{"role": "user", "content": "b"}], "raw": False}, "raw goes with prompt, not with messages"),
        ({"messages": [{"role": "user"}], "images": ["aGk="]}, "images goes with prompt, not with messages"),
        ({"input": "a", "format": "json"}, "format goes with prompt or messages, not with input"),
        ({"input": "a", "think": True}, "think goes with prompt or messages, not with input"),
        ({"input": "a", "system": ""}, "system goes with prompt, not with input"),
    ],
)
def test_fields_that_do_not_go_together_are_named(fields: dict[str, Any], words: str) -> None:
    assert words_of_refusal(**fields) == words


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "text": "a"}]}, "messages[0].text"),
        ({"messages": [{"role": "user"}], "tools": [{"type": "other", "function": {"name": "f"}}]}, "tools[0].type"),
        ({"messages": [{"role": "user"}], "tools": [{"function": {}}]}, "tools[0].function.name"),
        ({"prompt": "a", "images": ["data:image/png;base64,aGk="]}, "images[0]"),
        ({"prompt": "a", "images": ["a"] * 17}, "images"),
        ({"prompt": "a", "think": "a lot"}, "think"),
        ({"prompt": "a", "format": "yaml"}, "format"),
        ({"prompt": "a", "format": {str(n): n for n in range(257)}}, "format"),
        ({"prompt": "a", "destination": "s3://bucket"}, "destination"),
        ({"prompt": "a", "destination": "Legal"}, "destination"),
        ({"prompt": "a", "destination": "x" * 64}, "destination"),
        ({"prompt": "a", "labels": {"": "b"}}, "labels"),
        ({"prompt": "a", "labels": {"x" * 64: "b"}}, "labels"),
        ({"prompt": "a", "labels": {"team": "b" * 257}}, "labels.team"),
        ({"prompt": "a", "labels": {"team": 7}}, "labels.team"),
        ({"prompt": "a", "labels": {"team": "a\n"}}, "labels.team"),
        ({"prompt": "a", "labels": {str(n): "b" for n in range(17)}}, "labels"),
        ({"prompt": "a", "model": ""}, "model"),
        ({"prompt": "a", "id": "a/b"}, "id"),
        ({"prompt": "a", "raw": 1}, "raw"),
    ],
)
def test_a_field_out_of_bounds_is_named(fields: dict[str, Any], where: str) -> None:
    assert words_of_refusal(**fields).startswith(where)


def test_many_problems_are_counted() -> None:
    messages = [{"role": "user", "zzz": "a"}] * 29
    assert words_of_refusal(messages=messages).endswith("; and 4 more")


def test_an_image_is_base64() -> None:
    assert read(prompt="a", images=["aGk=", "ab+/"]).images == ["aGk=", "ab+/"]
