"""A pool of a newer resource than this operator: what it knows is served, and the rest is named. Pure."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.shared.problems import causes, problems

if TYPE_CHECKING:
    from collections.abc import Iterable


class Understood(NamedTuple):
    """A pool as far as it is understood."""

    pool: LLMWorkerPool
    rest: str
    """The fields that are unknown, in words; empty where there are none."""


def understood(document: dict[str, Any]) -> Understood:
    """A pool without its unknown fields; raises pydantic's ValidationError where it can't be served without them."""
    try:
        return Understood(parse_pool(document), "")
    except ValidationError as error:
        unknown = [each["loc"] for each in causes(error) if each["type"] == "extra_forbidden"]
        try:
            return Understood(parse_pool(_without(document, unknown)), problems(error, LLMWorkerPool))
        except ValidationError:
            raise error from None


def _without(document: dict[str, Any], paths: Iterable[tuple[int | str, ...]]) -> dict[str, Any]:
    known = copy.deepcopy(document)
    for *above, field in paths:
        inner: Any = known
        for step in above:
            inner = inner[step]
        del inner[field]
    return known
