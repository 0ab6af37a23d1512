"""A model that Ollama has not is pulled before it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.lane_config import LaneModel
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.ollama import Ollama
from laneway_worker.errors import ModelUnusable, Unavailable
from support.requests import CONTEXT_LENGTH, limits
from support.stub_ollama import Ending, Reply, error, records

if TYPE_CHECKING:
    from support.stub_ollama import StubOllama

MODEL = "gemma3:4b"
DIGEST = "sha256:" + "a" * 64
LAYER = {"status": "pulling aaaaaaaaaaaa", "digest": DIGEST, "total": 1000}
PULL = records(
    {"status": "pulling manifest"},
    LAYER,
    LAYER | {"completed": 410},
    LAYER | {"completed": 1000},
    {"status": "verifying sha256 digest"},
    {"status": "success"},
)


def listing(*names: str) -> Reply:
    return records({"models": [{"name": name, "digest": "a" * 64} for name in names]})


@pytest.fixture
def empty(stub: StubOllama) -> StubOllama:
    """An Ollama without models, which can have this one."""
    stub.on("/api/version", records({"version": "0.11.4"}))
    stub.on("/api/tags", listing("other:1b"), listing("other:1b", MODEL))
    stub.on("/api/pull", PULL)
    stub.on("/api/show", records({"capabilities": ["completion"]}))
    stub.on("/api/generate", records({"response": "", "done": True, "done_reason": "load"}))
    return stub


def adapter(stub: StubOllama, **model: Any) -> Ollama:
    lane_model = LaneModel.model_validate({"name": MODEL, "context_length": CONTEXT_LENGTH} | model)
    return Ollama(stub.url, lane_model, limits(), SystemClock())


def paths(stub: StubOllama) -> list[str]:
    return [each.path for each in stub.asked]


def test_a_missing_model_is_pulled_and_loaded(empty: StubOllama) -> None:
    told: list[str] = []
    assert adapter(empty).prepare(told.append).digest == DIGEST
    assert told[0] == f"pulling {MODEL}: 41 %"
    assert told[-1] == f"loading {MODEL}"
    assert paths(empty).index("/api/pull") < paths(empty).index("/api/generate")


def test_a_model_that_is_there_is_not_pulled_and_nothing_is_told(empty: StubOllama) -> None:
    empty.on("/api/tags", listing(MODEL))
    told: list[str] = []
    adapter(empty).prepare(told.append)
    assert told == []
    assert "/api/pull" not in paths(empty)


def test_the_pinned_digest_is_checked_after_the_pull(empty: StubOllama) -> None:
    pinned = "sha256:" + "b" * 64
    with pytest.raises(ModelUnusable, match=f"pins {MODEL} to {pinned}; this Ollama has {DIGEST}"):
        adapter(empty, digest=pinned).prepare()
    assert "/api/generate" not in paths(empty)


def test_a_model_that_is_listed_by_another_name_is_named_so(empty: StubOllama) -> None:
    empty.on("/api/tags", listing(MODEL))
    with pytest.raises(ModelUnusable, match=f"pulled library/{MODEL} and lists it by another name"):
        adapter(empty, name=f"library/{MODEL}").prepare()


def test_a_pull_that_fails_has_ollamas_own_words(empty: StubOllama) -> None:
    empty.on(
        "/api/pull", records({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"})
    )
    words = f"^Ollama can't pull {MODEL}: pull model manifest: file does not exist; .*correct the model's name$"
    with pytest.raises(ModelUnusable, match=words):
        adapter(empty).prepare()


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_pull_that_is_refused_is_lasting_trouble(empty: StubOllama, status: int) -> None:
    empty.on("/api/pull", error(status, "invalid model name"))
    with pytest.raises(ModelUnusable, match="invalid model name"):
        adapter(empty).prepare()


def test_an_ollama_that_ends_under_a_pull_is_trouble_that_passes(empty: StubOllama) -> None:
    empty.on("/api/pull", records(LAYER, ending=Ending.CUT))
    with pytest.raises(Unavailable, match="stopped pulling") as caught:
        adapter(empty).prepare()
    assert not caught.value.lasting
