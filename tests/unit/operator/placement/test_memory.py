from __future__ import annotations

import pytest

from laneway.schema.pool.pool import parse_pool
from laneway.schema.pool.profile import ExtendedResource
from laneway_operator.placement.memory import Fit, fit, folder_gib, limit_gib, prompt_cache_mib
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
        ("gemma3:4b", None, 8192, 1, 10),
        ("gemma3:4b", T4, 8192, 1, 16),
        ("gemma3:12b", None, 8192, 1, 21),
        ("gemma3:12b", None, 32_768, 4, 45),
        ("llama3.3:70b", None, 8192, 1, 113),
        ("llama3.3:70b", PAIR, 8192, 1, 113),
        ("of-my-own", None, 8192, 1, 64),
        ("of-my-own", UNTOLD, 8192, 1, 64),
        ("of-my-own", A10G, 8192, 1, 64),
        ("of-my-own", PAIR, 8192, 1, 90),
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
    [("smollm2:135m", 9), ("gemma3:4b", 15), ("gemma3:27b", 40), ("llama3.3:70b", 100), ("of-my-own", 256)],
)
def test_a_model_folder_holds_a_tag_before_and_after_it_was_moved(model: str, gib: int) -> None:
    assert folder_gib(model) == gib
