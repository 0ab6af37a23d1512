from __future__ import annotations

import json
from typing import Any

import pytest

from laneway.schema.job.job import Job, parse_job

FORMAT = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
DOCUMENT: dict[str, Any] = {
    "id": "a",
    "prompt": "p",
    "system": "s",
    "options": {"temperature": 0.5, "num_predict": 5},
    "format": FORMAT,
    "destination": "legal",
    "labels": {"team": "claims"},
}


def job(document: dict[str, Any]) -> Job:
    return parse_job(json.dumps(document).encode())


HASH = job(DOCUMENT).request_hash("gemma3:4b")


def test_a_hash_is_a_digest() -> None:
    name, _, digits = HASH.partition(":")
    assert name == "sha256"
    assert len(digits) == 64
    assert int(digits, 16) > 0


def test_the_order_of_fields_does_not_count() -> None:
    options = dict(reversed(DOCUMENT["options"].items()))
    assert job(dict(reversed(DOCUMENT.items())) | {"options": options}).request_hash("gemma3:4b") == HASH


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"},
        {"id": None},
        {"labels": {"team": "other"}},
        {"labels": None},
        {"destination": "other"},
        {"destination": None},
        {"model": "gemma3:4b"},
    ],
    ids=str,
)
def test_what_does_not_shape_the_answer_does_not_count(change: dict[str, Any]) -> None:
    assert job(DOCUMENT | change).request_hash("gemma3:4b") == HASH


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "q"},
        {"system": "t"},
        {"system": None},
        {"think": True},
        {"images": ["aGk="]},
        {"options": {"temperature": 0.5}},
        {"options": {"temperature": 0.6, "num_predict": 5}},
        {"options": None},
        {"format": "json"},
        {"format": None},
        {"format": FORMAT | {"required": ["a"]}},
        {"format": dict(reversed(FORMAT.items()))},
        {"format": FORMAT | {"properties": {"b": {"type": "string"}, "a": {"type": "string"}}}},
        {"format": FORMAT | {"properties": {"a": {"type": "string"}, "b": {"type": "string", "default": None}}}},
    ],
    ids=str,
)
def test_what_shapes_the_answer_counts(change: dict[str, Any]) -> None:
    assert job(DOCUMENT | change).request_hash("gemma3:4b") != HASH


def test_the_model_counts() -> None:
    assert job(DOCUMENT).request_hash("gemma3:1b") != HASH


def test_a_prompt_is_no_text_to_embed() -> None:
    assert Job(prompt="a").request_hash("m") != Job(input="a").request_hash("m")


def test_one_text_to_embed_is_no_list_of_one() -> None:
    assert Job(input="a").request_hash("m") != Job(input=["a"]).request_hash("m")
