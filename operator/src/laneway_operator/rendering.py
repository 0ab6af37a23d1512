"""`laneway-operator render`: what would be applied for a pool, without a cluster. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.arns import domain_of
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.yaml_text import write_yaml
from laneway_operator.placement.engines import engine_of
from laneway_operator.placement.nodes import nodes_of
from laneway_operator.queues.managed import events_queue, managed_queue
from laneway_operator.render import render
from laneway_operator.render.view import PoolView, lane_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.file import PoolFile
    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway.schema.pool.profile import ProfileSpec
    from laneway_operator.settings import Settings

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The UID of a pool that is in no cluster, and of that cluster."""
ACCOUNT = "000000000000"
NOTE = f"""\
# What Laneway would apply. Only a cluster knows the UID of the pool ({NOBODY} here), and the account ({ACCOUNT})
# and the last five letters of managed queues; names that end in a hash of those differ there.
"""


def rendered(found: PoolFile, settings: Settings, profiles: Mapping[str, ProfileSpec]) -> str:
    """YAML of every child of the pools in a file; raises `SpecError`."""
    manifests = [each for pool in found.pools for each in render(_view(pool, settings, profiles))]
    return NOTE + _left_out(found, settings) + write_yaml(manifests)


def _left_out(found: PoolFile, settings: Settings) -> str:
    gateways = [pool.full_name for pool in found.pools if pool.spec.gateway and not settings.gateways]
    tables = [pool.full_name for pool in found.pools if pool.spec.table and not settings.tables]
    return "".join(
        f"# Left out: the {what} of {name}; the operator's Helm values turn {what}s off.\n"
        for what, names in (("gateway", gateways), ("table", tables))
        for name in names
    )


def _view(pool: LLMWorkerPool, settings: Settings, profiles: Mapping[str, ProfileSpec]) -> PoolView:
    lanes, events = [], _events(pool, settings)
    for lane in pool.spec.lanes:
        nodes = nodes_of(lane.name, lane.profiles, profiles)
        lanes.append(lane_view(pool, lane, nodes, _queues(pool, lane, settings), settings, events))
    return PoolView(pool, NOBODY, NOBODY, settings, engine_of(pool.spec.engine, settings.engines), tuple(lanes), events)


def _queues(pool: LLMWorkerPool, lane: Lane, settings: Settings) -> QueueURLs:
    own, region = lane.queue.own, pool.region_or(settings.region)
    if own is not None:
        return own
    managed, account = managed_queue(NOBODY, pool, lane, region), _account(settings, region)
    return QueueURLs(url=f"{account}/{managed.name}", dead_letter_url=f"{account}/{managed.dead_letter_name}")


def _events(pool: LLMWorkerPool, settings: Settings) -> str | None:
    region = pool.region_or(settings.region)
    wanted = pool.spec.table is not None and settings.tables is not None
    return f"{_account(settings, region)}/{events_queue(NOBODY, pool, region).name}" if wanted else None


def _account(settings: Settings, region: str) -> str:
    return f"{settings.endpoint or f'https://sqs.{region}.{domain_of(region)}'}/{ACCOUNT}"
