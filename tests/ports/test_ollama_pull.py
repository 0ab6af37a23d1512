"""A model that Ollama has not is pulled before it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.pool.documents.lane_config import LaneModel
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.ollama.client import Ollama
from laneway_worker.errors import ModelMissing, ModelUnusable, Unavailable
from support.inputs.requests import CONTEXT_LENGTH, live
from support.ollama.stub import Ending, Reply, error, records

if TYPE_CHECKING:
    from support.ollama.stub import StubOllama

MODEL = "gemma3:4b"
DIGEST = "sha256:" + "a" * 64
IMAGE = "registry.example/models/gemma3:4b"
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
    return Ollama(stub.url, lane_model, live(), SystemClock())


def of_image(stub: StubOllama, **model: Any) -> Ollama:
    lane_model = LaneModel.model_validate({"name": MODEL, "context_length": CONTEXT_LENGTH} | model)
    return Ollama(stub.url, lane_model, live(), SystemClock(), f"image {IMAGE}")


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
    with pytest.raises(ModelUnusable, match=f"pulled hf.co/acme/{MODEL} and lists it by another name"):
        adapter(empty, name=f"hf.co/acme/{MODEL}").prepare()


def test_a_model_of_ollamas_own_library_is_found_by_its_short_name(empty: StubOllama) -> None:
    empty.on("/api/tags", listing(MODEL))
    adapter(empty, name=f"library/{MODEL}").prepare()
    assert "/api/pull" not in paths(empty)


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


def test_a_model_that_an_image_should_hold_is_never_pulled(empty: StubOllama) -> None:
    empty.on("/api/tags", listing("other:1b"))
    told: list[str] = []
    with pytest.raises(ModelMissing, match=f"^the image {IMAGE} has no {MODEL}; it holds other:1b$") as caught:
        of_image(empty).prepare(told.append)
    assert (caught.value.code, caught.value.lasting, told) == ("model_missing", True, [])
    assert paths(empty) == ["/api/version", "/api/tags"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "Ollama finds no model in it"),
        (tuple("gfedcba"), "it holds a:1, b:1, c:1, d:1, e:1 and 2 more"),
    ],
)
def test_what_an_image_holds_instead_is_told_in_few_words(
    empty: StubOllama, names: tuple[str, ...], words: str
) -> None:
    empty.on("/api/tags", listing(*(f"{each}:1" for each in names)))
    with pytest.raises(ModelMissing, match=f"; {words}$"):
        of_image(empty).prepare()


def test_the_pinned_digest_is_checked_in_an_image_too(empty: StubOllama) -> None:
    empty.on("/api/tags", listing(MODEL))
    pinned = "sha256:" + "b" * 64
    with pytest.raises(ModelUnusable) as caught:
        of_image(empty, digest=pinned).prepare()
    words = f"the pool pins {MODEL} to {pinned}; the image {IMAGE} has {DIGEST}; pin the one that is in there, "
    assert caught.value.with_advice == words + "or mount the pinned one"
    assert caught.value.code == "model_unusable"
    assert not {"/api/pull", "/api/generate"} & set(paths(empty))


def test_a_model_of_an_image_is_loaded_and_nothing_is_told(empty: StubOllama) -> None:
    empty.on("/api/tags", listing(MODEL))
    told: list[str] = []
    assert of_image(empty, digest=DIGEST).prepare(told.append).digest == DIGEST
    assert told == []
    assert "/api/generate" in paths(empty)
    assert "/api/pull" not in paths(empty)
