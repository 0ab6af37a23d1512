"""The ARNs of what a pool uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.iam.needs import On
from laneway.schema.pool.arns import bucket_arn, objects_arn, partition_of, queue_arn
from laneway.schema.shared.names import (
    SUFFIX_CHARACTERS,
    dead_letter_queue_name,
    events_dead_letter_queue_name,
    events_queue_name,
    queue_name,
    queue_suffix,
)

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool

ANY_SUFFIX = "?" * SUFFIX_CHARACTERS


@dataclass(frozen=True)
class Scope:
    """What a pool's file does not say."""

    account: str
    """Of the managed queues."""
    region: str
    cluster_id: str | None = None
    """The UID of the namespace kube-system: names of managed queues depend on it. Without it any cluster's will do."""
    kms_keys: tuple[str, ...] = ()
    """ARNs of keys of one's own with which bucket, queues or topic are encrypted."""


def resources(pool: LLMWorkerPool, scope: Scope) -> dict[On, tuple[str, ...]]:
    """What each kind of thing is in this pool; nothing where the pool has none."""
    place, region = pool.results, scope.region
    managed = [lane for lane in pool.spec.lanes if lane.queue.managed is not None]
    doomed = [lane for lane in managed if lane.queue.managed and lane.queue.managed.deletion_policy == "Delete"]
    own = [lane for lane in pool.spec.lanes if lane.queue.managed is None]
    topic = pool.spec.notifications
    destinations = pool.destinations.values()
    return {
        On.QUEUES: tuple(_queue(pool, lane, scope) for lane in pool.spec.lanes),
        On.DEAD_LETTER_QUEUES: tuple(_dead_letter_queue(pool, lane, scope) for lane in pool.spec.lanes),
        On.MANAGED_QUEUES: _both(pool, managed, scope),
        On.DOOMED_QUEUES: _both(pool, doomed, scope),
        On.OWN_QUEUES: _both(pool, own, scope),
        On.BUCKET: (bucket_arn(place.bucket, region),),
        On.RESULTS: (_folder(place, place.result("*"), region),),
        On.JOBS: (_folder(place, place.job("*"), region),),
        On.CANCELS: (_folder(place, place.cancel("*"), region),),
        On.FAILED: (_folder(place, place.failed("*"), region),),
        On.POOL_DOCUMENT: (objects_arn(place.bucket, place.pool_document(), region),),
        On.MODELS: (_folder(place, place.model_facts("*"), region),),
        On.WORKERS: (objects_arn(place.bucket, f"{place.worker_reports('*').removesuffix('*/')}*", region),),
        On.ESTIMATES: (_folder(place, place.lane_estimate("*"), region),),
        On.GATEWAYS: (_folder(place, place.gateway("*"), region),),
        On.OWNERS: (_folder(place, place.owner("*"), region),),
        On.JOINS: (_folder(place, place.join("*"), region),),
        On.WAITERS: (objects_arn(place.bucket, place.waiters("*").removesuffix("/"), region),),
        On.USAGE: (objects_arn(place.bucket, f"{place.prefix}usage/*", region),),
        On.GATEWAY_SETTINGS: (objects_arn(place.bucket, place.gateway_settings(), region),),
        On.DESTINATIONS: tuple(objects_arn(each.bucket, f"{each.prefix}*", region) for each in destinations),
        On.TOPIC: (topic.sns.topic_arn,) if topic else (),
        **_of_table(pool, scope),
    }


def _of_table(pool: LLMWorkerPool, scope: Scope) -> dict[On, tuple[str, ...]]:
    """RDS tells databases apart by an id that no pool says: the role's name bounds it."""
    name, suffix, said = pool.metadata.name, _suffix(pool, scope), pool.spec.table
    if said is None:
        return dict.fromkeys((On.EVENTS_QUEUE, On.EVENTS_QUEUES, On.TABLE, On.DATABASE_USER), ())
    events, dead = (_managed(of(name, suffix), scope) for of in (events_queue_name, events_dead_letter_queue_name))
    rds, where = said.postgres and said.postgres.iam, f"{scope.region}:{scope.account}"
    partition = partition_of(scope.region)
    table = said.dynamodb and f"arn:{partition}:dynamodb:{where}:table/{said.dynamodb.table_name}"
    return {
        On.EVENTS_QUEUE: (events,),
        On.EVENTS_QUEUES: (events, dead),
        On.TABLE: (table, f"{table}/index/*") if table else (),
        On.DATABASE_USER: (f"arn:{partition}:rds-db:{where}:dbuser:*/{rds.user}",) if rds else (),
    }


def _folder(place: Place, key: str, region: str) -> str:
    """All objects that are called like this one."""
    return objects_arn(place.bucket, key.removesuffix(".json"), region)


def _both(pool: LLMWorkerPool, lanes: list[Lane], scope: Scope) -> tuple[str, ...]:
    return tuple(arn for lane in lanes for arn in (_queue(pool, lane, scope), _dead_letter_queue(pool, lane, scope)))


def _queue(pool: LLMWorkerPool, lane: Lane, scope: Scope) -> str:
    name = queue_name(pool.metadata.name, lane.name, _suffix(pool, scope))
    own = lane.queue.own
    return queue_arn(own.url, scope.region) if own else _managed(name, scope)


def _dead_letter_queue(pool: LLMWorkerPool, lane: Lane, scope: Scope) -> str:
    name = dead_letter_queue_name(pool.metadata.name, lane.name, _suffix(pool, scope))
    own = lane.queue.own
    return queue_arn(own.dead_letter_url, scope.region) if own else _managed(name, scope)


def _managed(name: str, scope: Scope) -> str:
    return f"arn:{partition_of(scope.region)}:sqs:{scope.region}:{scope.account}:{name}"


def _suffix(pool: LLMWorkerPool, scope: Scope) -> str:
    if scope.cluster_id is None:
        return ANY_SUFFIX
    return queue_suffix(scope.cluster_id, pool.metadata.namespace, pool.metadata.name)
