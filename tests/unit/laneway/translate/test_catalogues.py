from __future__ import annotations

import pytest

from laneway.schema.pool.documents.model_facts import ModelFacts
from laneway.translate.ollama import catalogue as ollama
from laneway.translate.ollama.errors import FORBIDDEN, forbidden
from laneway.translate.openai import catalogue as openai
from laneway.translate.refused import Refused
from support.inputs.offers import AT, CONTEXT, MODEL, OFFERS, facts, offer

COLD = (offer("fast", MODEL, None),)


def test_each_lane_is_listed_once_by_the_shortest_name_that_chooses_it() -> None:
    names = [MODEL, "lane:slow", "nomic-embed-text"]
    assert [each["id"] for each in openai.models(OFFERS)["data"]] == names
    assert [each["name"] for each in ollama.tags(OFFERS)["models"]] == names
    for name, lane in zip(names, OFFERS, strict=True):
        assert openai.model(name, OFFERS)["id"] == name
        assert ollama.show({"model": name}, OFFERS)["modelfile"].startswith(f"FROM {lane.model}\n")


def test_a_model_that_nobody_has_loaded_yet_is_told_of_all_the_same() -> None:
    assert openai.models(COLD)["data"] == [{"id": MODEL, "object": "model", "created": 0, "owned_by": "laneway"}]
    entry = ollama.tags(COLD)["models"][0]
    assert (entry["size"], entry["digest"], entry["capabilities"]) == (0, "0" * 64, ["completion"])
    assert entry["details"] == {
        "parent_model": "",
        "format": "gguf",
        "family": "",
        "families": [],
        "context_length": CONTEXT,
    }
    assert ollama.show({"name": MODEL}, COLD)["model_info"]["unknown.context_length"] == CONTEXT
    assert ollama.version(COLD) == {"version": "0.32.15"}


def test_what_a_worker_told_is_told_on() -> None:
    entry = ollama.tags(OFFERS)["models"][0]
    assert (entry["size"], entry["digest"], entry["modified_at"]) == (3338801804, "a" * 64, "2026-11-22T12:00:00Z")
    assert openai.model(MODEL, OFFERS)["created"] == int(AT.timestamp())
    running = ollama.ps(OFFERS[:1])["models"][0]
    assert (running["size_vram"], running["context_length"], running["expires_at"][:4]) == (3338801804, CONTEXT, "2200")


def test_nobody_is_told_of_a_lane_that_is_not_his() -> None:
    with pytest.raises(Refused, match="use one of these: none"):
        openai.model(MODEL, ())
    assert ollama.tags(())["models"] == []


@pytest.mark.parametrize("verb", ["pull", "push", "create", "copy", "delete"])
def test_what_would_change_models_is_forbidden(verb: str) -> None:
    reply = forbidden(verb)
    assert reply.status == 403
    assert reply.body == {
        "error": f"{verb} is not accepted: the pool's own file says which models it serves, and no door changes them"
    }
    assert verb in FORBIDDEN


def test_facts_are_read_back_as_they_were_written() -> None:
    told = facts(MODEL, ["completion"])
    assert ModelFacts.model_validate_json(told.model_dump_json()) == told
    assert ModelFacts.model_validate_json('{"name": "m", "context_length": 512, "later": 1}').capabilities == ()
