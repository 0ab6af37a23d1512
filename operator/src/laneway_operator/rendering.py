"""`laneway-operator render`: what would be applied for a pool, without a cluster. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.problems import problems
from laneway.schema.shared.yaml_text import NOT_YAML, bad_yaml, read_yaml
from laneway_operator.errors import SpecError
from laneway_operator.placement.nodes import nodes_of
from laneway_operator.queues.managed import managed_queue
from laneway_operator.reasons import Reason
from laneway_operator.render import render
from laneway_operator.render.view import PoolView, lane_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from laneway.schema.pool.lane import Lane
    from laneway_operator.placement.profiles import Profile
    from laneway_operator.render.view import Manifest
    from laneway_operator.settings import Settings

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The UID of a pool that is in no cluster, and of that cluster."""
ACCOUNT = "000000000000"
NOTE = f"""\
# What Laneway would apply. Only a cluster knows the UID of the pool ({NOBODY} here), and the account ({ACCOUNT})
# and the last five letters of managed queues; names that end in a hash of those differ there.
"""


def rendered(text: str, settings: Settings, profiles: Mapping[str, Profile]) -> str:
    """YAML of every child of the pools in a YAML text; raises `SpecError`."""
    manifests = [each for pool in _pools(text) for each in render(_view(pool, settings, profiles))]
    return NOTE + as_yaml(manifests)


def as_yaml(manifests: Iterable[Manifest]) -> str:
    """In the order in which they are applied."""
    return yaml.dump_all(manifests, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


def _pools(text: str) -> Iterator[LLMWorkerPool]:
    try:
        for each in _documents(text):
            yield parse_pool(each)
    except ValidationError as error:
        raise SpecError(Reason.INVALID_SPEC, problems(error, LLMWorkerPool)) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(Reason.INVALID_SPEC, f"can't be written as JSON: {error}") from error


def _documents(text: str) -> list[Any]:
    try:
        documents = [each for each in read_yaml(text) if each is not None]
    except NOT_YAML as error:
        raise SpecError(Reason.INVALID_SPEC, str(bad_yaml(error))) from error
    if not documents:
        raise SpecError(Reason.INVALID_SPEC, "there is no pool in it")
    return documents


def _view(pool: LLMWorkerPool, settings: Settings, profiles: Mapping[str, Profile]) -> PoolView:
    lanes = []
    for lane in pool.spec.lanes:
        nodes = nodes_of(lane.name, lane.profiles, dict(profiles))
        lanes.append(lane_view(pool, lane, nodes, _queues(pool, lane, settings), settings))
    return PoolView(pool, NOBODY, settings, tuple(lanes))


def _queues(pool: LLMWorkerPool, lane: Lane, settings: Settings) -> QueueURLs:
    own, region = lane.queue.own, pool.region_or(settings.region)
    if own is not None:
        return own
    managed = managed_queue(NOBODY, pool, lane, region)
    account = f"{settings.endpoint or f'https://sqs.{region}.amazonaws.com'}/{ACCOUNT}"
    return QueueURLs(url=f"{account}/{managed.name}", dead_letter_url=f"{account}/{managed.dead_letter_name}")


class _Plain(yaml.SafeDumper):
    """Writes equal parts out each time."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True
