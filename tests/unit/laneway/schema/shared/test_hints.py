"""What a field was meant to be that a pool does not have."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.pool.profile import PlacementProfile, parse_profile
from laneway.schema.shared.problems import causes, problem, problems
from support.inputs.pools import pool_with
from support.inputs.profiles import gpu, profile_with

DEVICE = {"resource": "nvidia.com/gpu"}
HINTS = {
    "a slip": (pool_with(pods={"lables": {}}), "pods.lables", "did you mean labels?"),
    "a slip in an object of a lane": (
        pool_with(lane={"limits": {"timout": "5m"}}),
        "lanes[0].limits.timout",
        "did you mean timeout?",
    ),
    "no blank after the colon": (
        pool_with(model={"name": "a", "digest:sha256:12": None}),
        "model.digest:sha256:12",
        "write a blank after the colon: digest: sha256:12",
    ),
    "another way of writing": (
        pool_with(lane={"drain_timeout": "5m"}),
        "lanes[0].drain_timeout",
        "did you mean drainTimeout?",
    ),
    "one of two": (
        pool_with(lane={"scaling": {"replicas": 2}}),
        "lanes[0].scaling.replicas",
        "did you mean minReplicas or maxReplicas?",
    ),
    "one level lower": (pool_with(lane={"timeout": "5m"}), "lanes[0].timeout", "it belongs in spec.lanes[0].limits"),
    "one level higher": (
        pool_with(lane={"limits": {"parallel": 2}}),
        "lanes[0].limits.parallel",
        "it belongs in spec.lanes[0]",
    ),
    "a slip one level lower": (
        pool_with(lane={"timout": "5m"}),
        "lanes[0].timout",
        "did you mean timeout of spec.lanes[0].limits?",
    ),
    "a map one level lower": (
        pool_with(lane={"labels": {"team": "a"}}),
        "lanes[0].labels",
        "it belongs in spec.lanes[0].pods",
    ),
    "no map one level lower": (pool_with(lane={"annotations": "a"}), "lanes[0].annotations", "remove it"),
    "the top": (pool_with(metadata={}), "metadata", "it belongs in the top level"),
    "what a slip would be elsewhere": (pool_with(replicas=2), "replicas", "remove it"),
    "what is the gateway's": (pool_with(edgeIdleTimeout="1h"), "edgeIdleTimeout", "it belongs in spec.gateway"),
    "a sister's": (pool_with(model={"name": "a", "parallel": 2}), "model.parallel", "remove it"),
    "in two": (
        pool_with(lane={"minReplicas": 1}),
        "lanes[0].minReplicas",
        "it belongs in spec.lanes[0].scaling or spec.lanes[0].schedules",
    ),
    "in several": (pool_with(name="claims"), "name", "remove it"),
    "what can't stand there": (pool_with(image="ollama/ollama:0.11.4"), "image", "remove it"),
    "a pod's": (pool_with(pods={"metadata": {"labels": {}}}), "pods.metadata", "remove it"),
    "the kind of a pod": (pool_with(pods={"kind": "Pod"}), "pods.kind", "remove it"),
    "a toleration's": (pool_with(pods={"tolerationSeconds": 5}), "pods.tolerationSeconds", "remove it"),
}
OLD = {
    "spec.results.bucket": (pool_with(results={"bucket": "a"}), "it belongs in spec.results.s3"),
    "spec.results.prefix": (pool_with(results={"prefix": "a/"}), "it belongs in spec.results.s3"),
    "spec.destinations[0].bucket": (
        pool_with(destinations=[{"name": "a", "bucket": "a"}]),
        "it belongs in spec.destinations[0].s3",
    ),
    "spec.destinations[0].prefix": (
        pool_with(destinations=[{"name": "a", "prefix": "a/"}]),
        "it belongs in spec.destinations[0].s3",
    ),
    "spec.lanes[0].queue.url": (
        pool_with(lane={"queue": {"url": "https://sqs/a"}}),
        "it belongs in spec.lanes[0].queue.external",
    ),
    "spec.lanes[0].queue.deadLetterURL": (
        pool_with(lane={"queue": {"deadLetterURL": "https://sqs/a"}}),
        "it belongs in spec.lanes[0].queue.external",
    ),
    "spec.podTemplate": (pool_with(podTemplate={"labels": {}}), "write it as spec.pods"),
    "spec.lanes[0].podTemplate": (pool_with(lane={"podTemplate": {}}), "write it as spec.lanes[0].pods"),
    "spec.lanes[0].pods.imagePullSecrets": (
        pool_with(lane={"pods": {"imagePullSecrets": ["a"]}}),
        "it belongs in spec.pods",
    ),
}


@pytest.mark.parametrize(("place", "found"), OLD.items(), ids=OLD)
def test_who_writes_a_field_of_before_is_told_the_one_of_now(place: str, found: tuple[dict[str, object], str]) -> None:
    pool, hint = found
    with pytest.raises(ValidationError) as caught:
        parse_pool(pool)
    told = [problem(each, LLMWorkerPool) for each in causes(caught.value)]
    assert f"{place}: unknown field; {hint}" in told


@pytest.mark.parametrize(("pool", "place", "hint"), HINTS.values(), ids=HINTS)
def test_a_hint_is_given_where_it_is_all_but_sure(pool: dict[str, object], place: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_pool(pool)
    assert problems(caught.value, LLMWorkerPool) == f"spec.{place}: unknown field; {hint}"


def test_nothing_is_guessed_at_the_top() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_pool(pool_with() | {"stauts": {}})
    assert problems(caught.value, LLMWorkerPool) == "stauts: unknown field; remove it"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"accelerator": gpu() | {"counts": 2}}, "spec.accelerator.counts: unknown field; did you mean count of"),
        ({"accelerator": gpu() | {"interruption": "spot"}}, "interruption: unknown field; it belongs in spec"),
        ({"priceperhour": "1"}, "spec.priceperhour: unknown field; did you mean pricePerHour?"),
    ],
    ids=["lower", "higher", "beside"],
)
def test_hints_go_by_the_kind_of_the_object(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_profile(profile_with(**spec))
    assert words in problems(caught.value, PlacementProfile)


def test_a_long_name_costs_little() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_pool(pool_with() | {"x" * 250_000: 1})
    assert problems(caught.value, LLMWorkerPool).endswith(": unknown field; remove it")
