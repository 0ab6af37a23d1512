"""What a dashboard reads of an LLMWorkerPool."""

from __future__ import annotations

from typing import Any

import pytest

from laneway.schema.shared.names import PAUSED, PAUSED_LANES
from laneway_dashboard.adapters.cluster.resource import Resource, resource_of, with_lane, words


def read(annotations: dict[str, str] | None = None, prefix: str | None = None, **spec: Any) -> Resource:
    s3 = {"bucket": "acme"} | ({} if prefix is None else {"prefix": prefix})
    metadata = {"namespace": "nlp", "name": "documents", "uid": "u", "resourceVersion": "7", "annotations": annotations}
    lanes = [{"name": "fast"}, {"name": "slow", "suspend": True}]
    status = {"lanes": [{"name": "fast", "stage": "NodeStarting"}, {"name": "slow"}]}
    return resource_of({"metadata": metadata, "spec": {"results": {"s3": s3}, "lanes": lanes} | spec, "status": status})


def test_where_it_is_and_how_far_its_lanes_are() -> None:
    assert (read().name, read().url, read().stages) == (
        "nlp/documents", "s3://acme/documents", {"fast": "node starting"},
    )  # fmt: skip
    assert read(prefix="team/a/").url == "s3://acme/team/a"


@pytest.mark.parametrize(
    ("annotations", "spec", "paused"),
    [
        (None, {}, ["slow"]),
        ({PAUSED_LANES: "fast, slow"}, {}, ["fast", "slow"]),
        ({PAUSED: "true"}, {}, ["fast", "slow"]),
        ({PAUSED: "false"}, {}, ["slow"]),
        (None, {"suspend": True}, ["fast", "slow"]),
    ],
)
def test_which_lanes_are_stopped(annotations: dict[str, str] | None, spec: dict[str, Any], paused: list[str]) -> None:
    found = read(annotations, **spec)
    assert [lane for lane in found.lanes if found.is_paused(lane)] == paused


def test_a_lane_is_added_and_taken_away() -> None:
    assert with_lane(frozenset({"slow"}), "fast", stop=True) == "fast,slow"
    assert with_lane(frozenset({"slow", "fast"}), "fast", stop=False) == "slow"
    assert with_lane(frozenset({"fast"}), "fast", stop=False) is None


def test_stages_as_people_say_them() -> None:
    assert words("StartingOllama") == "starting ollama"
