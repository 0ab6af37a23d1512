"""What a pool file's refusal tells its writer."""

from __future__ import annotations

import pytest
import yaml

from laneway.pool_file import PoolFileError, read_pool
from support.pools import pool_with

ANNOTATION = "spec.podTemplate.annotations.karpenter.sh/do-not-disrupt"


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        (
            pool_with(podTemplate={"annotations": {"karpenter.sh/do-not-disrupt": True}}),
            f"{ANNOTATION}: should be a valid string: write it in quotes",
        ),
        (
            pool_with(podTemplate={"labels": {"cost-center": 4711}}),
            "spec.podTemplate.labels.cost-center: should be a valid string: write it in quotes",
        ),
        (pool_with(podTemplate={"nodeSelector": {}}), "spec.podTemplate.nodeSelector: unknown field; remove it"),
        (
            pool_with(podTemplate={"lables": {}}),
            "spec.podTemplate.lables: unknown field; did you mean labels?",
        ),
        (
            pool_with(lane={"drainTimeout": "45m"}),
            "spec.lanes[0].drainTimeout: should be less than or equal to 30m, not '45m'",
        ),
        (pool_with(lane={"parallel": 65}), "spec.lanes[0].parallel: should be less than or equal to 64, not '65'"),
    ],
    ids=["a yes", "a number", "nothing like it", "a slip", "a duration", "a count"],
)
def test_a_refusal_says_what_to_write(pool: dict[str, object], words: str) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pool(yaml.safe_dump(pool).encode(), "pool.yaml")
    (found,) = caught.value.problems
    assert found.message == words
