"""Patterns of every published schema, and the words that people are told in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.job import Job
from laneway.schema.job.result import Result
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.pool import LLMWorkerPool
from laneway.schema.pool.profile import PlacementProfile
from laneway.schema.shared.base import PATTERN_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel


def patterns(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node
        for each in node.values():
            yield from patterns(each)
    if isinstance(node, list):
        for each in node:
            yield from patterns(each)


@pytest.mark.parametrize(
    "model", [Job, LaneConfig, LLMWorkerPool, PlacementProfile, Result], ids=lambda model: model.__name__
)
def test_every_pattern_has_words_with_an_example(model: type[BaseModel]) -> None:
    found = list(patterns(model.model_json_schema()))
    assert found
    for node in found:
        words = node.get(PATTERN_WORDS, "")
        assert words.startswith("should be "), node
        assert " such as " in words, node
