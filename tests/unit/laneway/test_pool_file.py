"""What a pool file's refusal tells its writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from laneway.pool_file import PoolFileError, load_pool, read_pool
from support.inputs.bad_pools import MODEL
from support.inputs.pools import pool_with

if TYPE_CHECKING:
    from pathlib import Path

ANNOTATION = "spec.podTemplate.annotations.karpenter.sh/do-not-disrupt"


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        (
            pool_with(podTemplate={"annotations": {"karpenter.sh/do-not-disrupt": True}}),
            f"{ANNOTATION}: should be a text: write it in quotes",
        ),
        (
            pool_with(podTemplate={"labels": {"cost-center": 4711}}),
            "spec.podTemplate.labels.cost-center: should be a text: write it in quotes",
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
        (pool_with(lane={"parallel": 65}), "spec.lanes[0].parallel: should be less than or equal to 64, not 65"),
        (pool_with(lane={"parallel": True}), "spec.lanes[0].parallel: should be a whole number, not true"),
        (
            pool_with(lane={"parallel": "2"}),
            "spec.lanes[0].parallel: should be a whole number, without quotes, not '2'",
        ),
        (pool_with(suspend="yes"), "spec.suspend: should be true or false, without quotes, not 'yes'"),
        (pool_with(results={}), "spec.results.bucket: is missing; add it"),
        (pool_with(results={"bucket": None}), "spec.results.bucket: should be a text; it is empty"),
        (pool_with(model="gemma3:4b"), "spec.model: should be an object with fields, not 'gemma3:4b'"),
        (pool_with(lanes={"fast": {}}), "spec.lanes: should be a list"),
        (pool_with(lanes=[]), "spec.lanes: should have at least 1 item, not 0"),
        (pool_with(lane={"name": "l" * 21}), "spec.lanes[0].name: should have at most 20 characters, not 21"),
        (
            pool_with(model={"name": f"a {'b' * 60}"}),
            f"spec.model.name: {MODEL}, not 'a {'b' * 58}'…",
        ),
        (pool_with(lane={"timeout": "5m"}), "spec.lanes[0].timeout: unknown field; it belongs in limits"),
        (pool_with(podTemplate={"kind": 1}), "spec.podTemplate.kind: unknown field; it belongs in the top level"),
        (
            pool_with(replicas=2),
            "spec.replicas: unknown field; did you mean minReplicas of scaling or schedules?",
        ),
        (
            pool_with(lane={"model": {"name": "a", "nam": "b"}}),
            "spec.lanes[0].model.nam: unknown field; did you mean name?",
        ),
    ],
    ids=[
        *("a yes", "a number", "nothing like it", "a slip", "a duration", "a count", "a yes for a number"),
        *(
            "a number in quotes",
            "a yes in quotes",
            "nothing",
            "an empty field",
            "a text for fields",
            "fields for a list",
        ),
        *("an empty list", "a long text", "what is not shown whole", "another place", "the top", "a slip elsewhere"),
        "a slip here",
    ],
)
def test_a_refusal_says_what_to_write(pool: dict[str, object], words: str) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pool(yaml.safe_dump(pool).encode(), "pool.yaml")
    (found,) = caught.value.problems
    assert found.message == words


TAB = "while scanning for the next token: found character '\\t' that cannot start any token"
SECOND = "expected a single document in the stream: but found another document"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "1: not YAML: while parsing a flow node: expected the node content, but found '<stream end>'"),
        ("a:\n\tb: 1", f"2: not YAML: {TAB}; indent with spaces, not with tabs"),
        ("a: 1\n---\nb: 1", f"2: not YAML: {SECOND}; give each pool a file of its own"),
        ("a: \a", " not YAML: unacceptable character #x0007: special characters are not allowed"),
        ("", "1: should be one object with apiVersion, kind, metadata and spec"),
    ],
    ids=["a bracket", "a tab", "two documents", "a bell", "nothing"],
)
def test_what_is_no_yaml_is_told_in_one_line(text: str, words: str) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pool(text.encode(), "pool.yaml")
    assert str(caught.value) == f"pool.yaml:{words}"


def test_a_file_that_is_not_there_has_no_line(tmp_path: Path) -> None:
    with pytest.raises(PoolFileError, match=r"none\.yaml: can't be read: No such file or directory$"):
        load_pool(tmp_path / "none.yaml")
