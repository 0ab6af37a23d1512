from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.model_facts import MAX_FACTS_BYTES, ModelDetails
from laneway_worker.adapters.ollama.facts import facts_of

MODEL = LaneModel(name="gemma3:4b", context_length=8192)
LISTED: dict[str, Any] = {
    "name": "gemma3:4b",
    "model": "gemma3:4b",
    "modified_at": "2026-09-23T12:00:00.123456789+02:00",
    "size": 3338801804,
    "digest": "a" * 64,
    "details": {
        "parent_model": "",
        "format": "gguf",
        "family": "gemma3",
        "families": ["gemma3"],
        "parameter_size": "4.3B",
        "quantization_level": "Q4_K_M",
    },
}
SHOWN: dict[str, Any] = {
    "capabilities": ["completion", "vision"],
    "model_info": {"general.architecture": "gemma3", "gemma3.context_length": 131072, "tokenizer.ggml.tokens": None},
    "license": "x" * MAX_FACTS_BYTES,
}


def test_all_that_gateways_tell_is_known() -> None:
    facts = facts_of(MODEL, "0.32.15", LISTED, SHOWN)
    assert (facts.name, facts.context_length, facts.engine) == ("gemma3:4b", 8192, "0.32.15")
    assert (facts.digest, facts.size) == (f"sha256:{'a' * 64}", 3338801804)
    assert facts.modified_at == datetime(2026, 9, 23, 10, 0, 0, 123456, UTC)
    assert facts.details == ModelDetails(
        format="gguf", family="gemma3", families=("gemma3",), parameter_size="4.3B", quantization_level="Q4_K_M"
    )
    assert facts.capabilities == ("completion", "vision")
    assert facts.model_info == {"general.architecture": "gemma3", "gemma3.context_length": 131072}


def test_an_old_ollama_tells_less() -> None:
    listed = LISTED | {"details": {"format": "gguf", "families": None}}
    facts = facts_of(MODEL, "", listed, {})
    assert (facts.capabilities, facts.model_info, facts.engine) == ((), {}, None)
    assert facts.details == ModelDetails(format="gguf")


@pytest.mark.parametrize(
    ("listed", "shown"),
    [
        ({"digest": 7}, {}),
        ({"digest": "short"}, {}),
        ({"size": -1}, {}),
        ({"size": "large"}, {}),
        ({"modified_at": "yesterday"}, {}),
        ({"details": "none"}, {}),
        ({"details": {"family": ["a"]}}, {}),
        ({}, {"capabilities": "all"}),
        ({}, {"capabilities": [1]}),
        ({}, {"model_info": [1]}),
        ({}, {"model_info": {"chat_template": "x" * MAX_FACTS_BYTES}}),
    ],
)
def test_what_has_a_form_of_its_own_is_left_out_and_nothing_else(listed: dict[str, Any], shown: dict[str, Any]) -> None:
    (name,) = {**listed, **shown}
    facts = facts_of(MODEL, "0.32.15", LISTED | listed, SHOWN | shown)
    whole = facts_of(MODEL, "0.32.15", LISTED, SHOWN)
    nothing = type(whole)(name=MODEL.name, context_length=8192)
    assert facts == whole.model_copy(update={name: getattr(nothing, name)})
