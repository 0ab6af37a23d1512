from __future__ import annotations

from typing import Any

import pytest

from laneway.schema.pool.pool import parse_pool
from laneway.schema.pool.profile import ANYWHERE, ProfileSpec
from laneway_operator.placement.memory import DOWNLOAD_GB, download_gb, fit
from laneway_operator.reasons import Reason
from laneway_operator.status.fit import model_fits
from support.inputs.pools import pool_with
from support.inputs.profiles import gpu, profile_specs
from support.operator.in_memory import OperatedPool

SMALL_CACHE = {"OLLAMA_KV_CACHE_TYPE": "q8_0", "OLLAMA_FLASH_ATTENTION": "1"}
T4, A10G, L40S = "16384Mi", "22888Mi", "45776Mi"


def profile(memory: str | None, count: int = 1) -> ProfileSpec:
    return profile_specs({"gpu": {"accelerator": gpu(count, memory)}})["gpu"]


def judged(model: str, where: ProfileSpec, context: int = 8192, parallel: int = 1) -> tuple[str, str, str]:
    pool = parse_pool(pool_with(lane={"parallel": parallel}, model={"name": model, "contextLength": context}))
    found = model_fits([fit(pool.spec.lanes[0], pool.spec.model, where.device)])
    return found.status, found.reason, found.message


def large_pool(env: dict[str, str]) -> dict[str, Any]:
    return pool_with(
        model={"name": "gemma3:27b"},
        lane={"parallel": 4, "placement": {"profiles": ["gpu"]}},
        pods={"env": [{"name": name, "value": value} for name, value in env.items()]},
    )


@pytest.mark.parametrize(
    ("model", "memory", "context", "parallel", "fits"),
    [
        ("gemma3:270m", T4, 32_768, 4, True),
        ("gemma3:12b", T4, 16_384, 1, True),
        ("gemma3:12b", T4, 131_072, 1, False),
        ("gemma3:12b", T4, 16_384, 8, False),
        ("gemma3:27b", T4, 512, 1, False),
        ("gemma3:27b", A10G, 20_480, 1, False),
        ("gemma3:27b", A10G, 4_096, 1, True),
        ("gemma4:26b", A10G, 8_192, 1, True),
        ("gemma3:27b", L40S, 32_768, 1, True),
        ("qwen2.5:7b", T4, 8_192, 1, True),
        ("llama3.3:70b", L40S, 8_192, 1, False),
    ],
)
def test_a_model_fits_or_not(model: str, memory: str, context: int, parallel: int, fits: bool) -> None:  # noqa: FBT001 - a parameter
    status, reason, _ = judged(model, profile(memory), context, parallel)
    assert (status, reason) == (("True", Reason.MODEL_FITS) if fits else ("False", Reason.MODEL_TOO_LARGE))


@pytest.mark.parametrize(
    ("env", "cache"),
    [
        ({}, 6.7),
        ({"OLLAMA_FLASH_ATTENTION": "1"}, 6.7),
        ({"OLLAMA_KV_CACHE_TYPE": "q8_0"}, 6.7),
        ({"OLLAMA_KV_CACHE_TYPE": "q8_0", "OLLAMA_FLASH_ATTENTION": "false"}, 6.7),
        ({"OLLAMA_KV_CACHE_TYPE": "f16", "OLLAMA_FLASH_ATTENTION": "1"}, 6.7),
        (SMALL_CACHE, 3.6),
        ({"OLLAMA_KV_CACHE_TYPE": "q4_0", "OLLAMA_FLASH_ATTENTION": "true"}, 1.9),
    ],
    ids=str,
)
def test_a_smaller_cache_counts_where_ollama_is_sure_to_use_it(env: dict[str, str], cache: float) -> None:
    spec = parse_pool(large_pool(env)).spec
    assert round(fit(spec.lanes[0], spec.model, None, spec.pods.cache_type).cache, 1) == cache


def test_a_lanes_own_cache_counts_over_the_pools() -> None:
    env = [{"name": name, "value": value} for name, value in SMALL_CACHE.items()]
    said = [{"name": "OLLAMA_KV_CACHE_TYPE", "value": "f16"}]
    pool = parse_pool(pool_with(lanes=[{"name": "a"}, {"name": "b", "pods": {"env": said}}], pods={"env": env}))
    assert [pool.pods_of(lane).cache_type for lane in pool.spec.lanes] == ["q8_0", "f16"]


@pytest.mark.parametrize(("env", "status"), [({}, "False"), (SMALL_CACHE, "True")], ids=["as it is", "smaller"])
def test_a_model_may_fit_with_a_smaller_cache(env: dict[str, str], status: str) -> None:
    pool = OperatedPool(large_pool(env))
    pool.reconcile()
    assert pool.condition("ModelFits")[0] == status


def test_two_accelerators_have_twice_the_memory() -> None:
    assert judged("gemma3:27b", profile(T4))[0] == "False"
    assert judged("gemma3:27b", profile(T4, count=2))[0] == "True"


def test_a_model_that_is_too_large_is_told_with_the_numbers() -> None:
    assert judged("gemma3:27b", profile(A10G), 8192, 4)[2] == (
        "lane default: gemma3:27b needs about 25.2 GiB (17.4 of weights, 6.7 for 32768 tokens of context, "
        "1 for the engine), and the accelerator has 22.4: Ollama would keep a part in the node's memory and be slow"
    )


def test_one_that_fits_is_told_with_the_numbers_too() -> None:
    assert judged("gemma3:4b", profile(T4))[2] == "lane default: about 4.7 of 16.0 GiB"


@pytest.mark.parametrize(
    ("model", "where", "words"),
    [
        ("mistral", profile(T4), "lane default: the size of mistral is not known"),
        ("gemma3:4b", ANYWHERE, "lane default: its placement profile names no accelerator's memory"),
        ("gemma3:4b", profile(None), "lane default: its placement profile names no accelerator's memory"),
    ],
)
def test_what_can_not_be_estimated_says_why(model: str, where: ProfileSpec, words: str) -> None:
    assert judged(model, where) == ("Unknown", Reason.NOT_ESTIMATED, words)


@pytest.mark.parametrize(
    ("model", "size"),
    [
        *DOWNLOAD_GB.items(),
        ("gemma4", 9.6),
        ("qwen2.5:7b", 4.9),
        ("qwen2.5:0.5b", 0.35),
        ("smollm2:135m", 0.0945),
        ("llama3.1:8b-instruct-q8_0", 8.8),
        ("llama3.1:8b-instruct-fp16", 16.0),
        ("registry.example/team/llama3:8b", 5.6),
        ("team/llama-7b-chat:latest", 4.9),
        ("mistral", None),
        ("mistral:latest", None),
        ("gemma3:4bit", None),
        ("phi3:mini-128k", None),
    ],
)
def test_a_tag_tells_a_models_size_or_does_not(model: str, size: float | None) -> None:
    found = download_gb(model)
    assert found == (None if size is None else pytest.approx(size))


def test_the_first_lane_that_does_not_fit_is_told_before_those_that_are_not_known() -> None:
    lanes: list[dict[str, Any]] = [
        {"name": "a", "model": {"name": "mistral"}},
        {"name": "b", "model": {"name": "gemma3:27b"}},
        {"name": "c", "model": {"name": "llama3.3:70b"}},
    ]
    pool = parse_pool(pool_with(lanes=lanes))
    found = model_fits([fit(lane, pool.model_of(lane), profile(T4).device) for lane in pool.spec.lanes])
    assert found.message.startswith("lane b: gemma3:27b needs")


def test_a_pool_whose_model_may_not_fit_is_ready_all_the_same() -> None:
    model = {"name": "gemma3:27b", "contextLength": 131_072}
    pool = OperatedPool(pool_with(lane={"placement": {"profiles": ["gpu"]}}, model=model))
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    assert pool.condition("ModelFits")[:2] == ("False", Reason.MODEL_TOO_LARGE)
    assert "Use a smaller model, lower contextLength or parallel, or a profile with" in pool.condition("ModelFits")[2]
    assert pool.condition("Ready")[0] == "True"
