from __future__ import annotations

import pytest

from laneway.schema.pool.pool import parse_pool
from laneway.schema.pool.profile import ExtendedResource
from laneway_operator.placement.memory import (
    STEPS,
    Fit,
    fit,
    folder_gib,
    limit_gib,
    prompt_cache_mib,
    request_gib,
    storage_gib,
)
from support.inputs.pools import pool_with

T4, A10G, L40S = (ExtendedResource(name="nvidia.com/gpu", memory=f"{each}Mi") for each in (16384, 22888, 45776))  # MiB
PAIR = L40S.model_copy(update={"count": 2})
UNTOLD = L40S.model_copy(update={"memory": None})


def of(model: str, accelerator: ExtendedResource | None, context: int = 8192, parallel: int = 1) -> Fit:
    pool = parse_pool(pool_with(lane={"parallel": parallel}, model={"name": model, "contextLength": context}))
    return fit(pool.spec.lanes[0], pool.spec.model, accelerator)


@pytest.mark.parametrize(
    ("model", "accelerator", "context", "parallel", "gib"),
    [
        ("smollm2:135m", None, 8192, 1, 4),
        ("gemma3:4b", None, 8192, 1, 12),
        ("gemma3:4b", T4, 8192, 1, 16),
        ("gemma3:12b", None, 8192, 1, 24),
        ("gemma3:12b", None, 32_768, 4, 48),
        ("llama3.3:70b", None, 8192, 1, 128),
        ("llama3.3:70b", PAIR, 8192, 1, 128),
        ("of-my-own", None, 8192, 1, 64),
        ("of-my-own", UNTOLD, 8192, 1, 64),
        ("of-my-own", A10G, 8192, 1, 64),
        ("of-my-own", PAIR, 8192, 1, 96),
    ],
)
def test_ollama_may_take_twice_what_its_model_needs_and_never_less_than_its_accelerator_holds(
    model: str, accelerator: ExtendedResource | None, context: int, parallel: int, gib: int
) -> None:
    assert limit_gib(of(model, accelerator, context, parallel)) == gib


@pytest.mark.parametrize("model", ["gemma3:270m", "gemma3:4b", "gemma3:27b", "llama3.3:70b", "mistral-large:123b"])
@pytest.mark.parametrize("parallel", [1, 4, 16])
def test_on_a_cpu_weights_fit_twice_as_the_file_that_was_pulled_and_as_loaded(model: str, parallel: int) -> None:
    found = of(model, None, parallel=parallel)
    assert found.weights is not None
    assert limit_gib(found) >= 2 * found.weights + found.cache


@pytest.mark.parametrize(
    ("limit", "mib"),
    [("4Gi", 512), ("64Gi", 8192), ("96Gi", 8192), ("512Mi", 64), ("2G", 238), ("1", 0), ("1500m", 0)],
)
def test_prompts_of_ended_answers_are_kept_in_an_eighth_of_the_limit(limit: str, mib: int) -> None:
    assert prompt_cache_mib(limit) == mib


@pytest.mark.parametrize(
    ("model", "gib"),
    [("smollm2:135m", 12), ("gemma3:4b", 16), ("gemma3:27b", 48), ("llama3.3:70b", 128), ("of-my-own", 256)],
)
def test_a_model_folder_holds_a_tag_before_and_after_it_was_moved(model: str, gib: int) -> None:
    assert folder_gib(model) == gib


@pytest.mark.parametrize(
    ("model", "accelerator", "context", "parallel", "gib"),
    [
        ("smollm2:135m", None, 8192, 1, 2),
        ("gemma3:270m", None, 2048, 1, 2),
        ("gemma3:4b", None, 8192, 1, 6),
        ("gemma3:4b", T4, 8192, 1, 2),
        ("gemma3:4b", UNTOLD, 8192, 1, 2),
        ("gemma3:12b", None, 8192, 1, 12),
        ("gemma3:12b", None, 32_768, 4, 24),
        ("gemma3:12b", A10G, 32_768, 4, 2),
        ("llama3.3:70b", None, 8192, 1, 64),
        ("llama3.3:70b", L40S, 8192, 1, 16),  # what its accelerator can't hold stays in the node's memory
        ("llama3.3:70b", PAIR, 8192, 1, 2),
        ("of-my-own", None, 8192, 1, None),
        ("of-my-own", A10G, 8192, 1, None),
    ],
)
def test_ollama_asks_for_what_stays_in_its_nodes_memory(
    model: str, accelerator: ExtendedResource | None, context: int, parallel: int, gib: int | None
) -> None:
    """A number that changes here replaces workers on the day that the operator is upgraded: say so in CHANGELOG.md."""
    assert request_gib(of(model, accelerator, context, parallel), on_device=accelerator is not None) == gib


@pytest.mark.parametrize(
    ("model", "gib"),
    [("smollm2:135m", 3), ("gemma3:4b", 6), ("gemma3:12b", 12), ("gemma3:27b", 24), ("llama3.3:70b", 48)],
)
def test_a_model_that_is_pulled_asks_for_its_room_on_the_nodes_disk(model: str, gib: int) -> None:
    assert storage_gib(model) == gib
    assert gib <= folder_gib(model)


def test_no_room_is_asked_for_where_the_size_is_not_known() -> None:
    assert storage_gib("of-my-own") is None


MODELS = [*(f"some:{billions}b" for billions in (0.1, 0.5, 1, 2, 3, 7, 14, 32, 70, 123, 405)), "some:99999999b"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("accelerator", [None, T4, A10G, PAIR, UNTOLD])
@pytest.mark.parametrize("parallel", [1, 4, 32])
def test_nothing_is_asked_for_above_its_limit_and_all_of_it_is_in_coarse_steps(
    model: str, accelerator: ExtendedResource | None, parallel: int
) -> None:
    found = of(model, accelerator, 32_768, parallel)
    asked = request_gib(found, on_device=accelerator is not None)
    assert asked is not None
    assert asked <= limit_gib(found)
    assert {asked, limit_gib(found), folder_gib(model), storage_gib(model)} <= set(STEPS)
