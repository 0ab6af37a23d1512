"""How KEDA counts a lane's workers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.render.meta import lane_child_name, metadata, trigger_authentication_name

if TYPE_CHECKING:
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.lane import Lane, ScaleIn
    from laneway.schema.pool.schedules.schedule import Schedule
    from laneway_operator.render.view import LaneView, Manifest, PoolView

STABILIZATION_SECONDS = 60  # a count that falls for less is passed over: SQS's are approximate
PAUSED = {"autoscaling.keda.sh/paused-replicas": "0"}
"""KEDA's own way to hold something at zero: workers leave as in any scale-in, and no Deployment is rolled for it."""


def trigger_authentication(pool: PoolView) -> Manifest:
    """KEDA's own identity on AWS; the Secret of an emulator."""
    emulator = pool.settings.emulator
    spec: Manifest = {"podIdentity": {"provider": "aws"}}
    if emulator is not None:
        keys = (("awsAccessKeyID", "AWS_ACCESS_KEY_ID"), ("awsSecretAccessKey", "AWS_SECRET_ACCESS_KEY"))
        spec = {"secretTargetRef": [{"parameter": each, "name": emulator.secret, "key": key} for each, key in keys]}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": metadata(pool, trigger_authentication_name(pool.name)),
        "spec": spec,
    }


def scaled_object(pool: PoolView, lane: LaneView) -> Manifest:
    """From zero on the queue's depth, and never fewer workers than run jobs; at zero where the lane is suspended.

    A scaler's error holds the count, because there is no `fallback`.
    """
    name = lane_child_name(pool.name, lane.lane.name)
    scaling = lane.lane.scaling
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(pool, name, lane) | ({"annotations": PAUSED} if lane.live.suspended else {}),
        "spec": {
            "advanced": {
                "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": _scale_down(scaling.scale_in)}},
                "scalingModifiers": {
                    "activationTarget": "0",
                    "formula": formula(lane.lane, lane.config.parallel),
                    "metricType": "AverageValue",
                    "target": "1",
                },
            },
            "cooldownPeriod": scaling.cooldown,
            "maxReplicaCount": scaling.max_replicas,
            "minReplicaCount": 0,
            "pollingInterval": scaling.polling_interval,
            "scaleTargetRef": {"name": name},
            "triggers": [
                queue_trigger(pool, lane.config, "total", lane.config.queue.url, count_running=True),
                queue_trigger(pool, lane.config, "waiting", lane.config.queue.url, count_running=False),
                *(_clock(name, each) for name, each in _clocks(lane.lane).items()),
            ],
        },
    }


def one_while_queued(
    names: Manifest, triggers: list[Manifest], *, polling_seconds: int, cooldown_seconds: int
) -> Manifest:
    """One pod of the Deployment of this name while any of the queues holds a message, in flight or not; else none."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": names,
        "spec": {
            "cooldownPeriod": cooldown_seconds,
            "maxReplicaCount": 1,
            "minReplicaCount": 0,
            "pollingInterval": polling_seconds,
            "scaleTargetRef": {"name": names["name"]},
            "triggers": triggers,
        },
    }


def _scale_down(scale_in: ScaleIn) -> Manifest:
    """The larger of the two: a lane of few workers shrinks too, however the autoscaler rounds."""
    period = {"periodSeconds": scale_in.period}
    return {
        "policies": [
            {"type": "Percent", "value": scale_in.percent} | period,
            {"type": "Pods", "value": 1} | period,
        ],
        "selectPolicy": "Max",
        "stabilizationWindowSeconds": STABILIZATION_SECONDS,
    }


def formula(lane: Lane, slots: int) -> str:
    """Workers wanted: `total - waiting` run and keep their slots, also in a quiet schedule, where nothing else counts.
    `slots` are those of each worker that there is.

    Divisors are floats, as the value must be one.
    """
    scaling, clocks = lane.scaling, _clocks(lane)
    queued, running = f"total / {scaling.jobs_per_replica}.0", f"(total - waiting) / {slots}.0"
    floors = [f"{scaling.min_replicas}.0", *(name for name, each in clocks.items() if not each.suspend)]
    awake = f"max({', '.join((queued, running, *floors))})"
    quiet = " + ".join(name for name, each in clocks.items() if each.suspend)
    return f"{quiet} > 0.0 ? {running} : {awake}" if quiet else awake


def _clocks(lane: Lane) -> dict[str, Schedule]:
    """Name of a cron trigger → its schedule."""
    return {f"w{number}": each for number, each in enumerate(lane.schedules)}


def _clock(name: str, schedule: Schedule) -> Manifest:
    """Worth `desiredReplicas` within the period, else nothing."""
    return {
        "type": "cron",
        "name": name,
        "metadata": {
            "desiredReplicas": str(schedule.min_replicas or 1),
            "end": schedule.end,
            "start": schedule.start,
            "timezone": schedule.timezone,
        },
    }


def queue_trigger(pool: PoolView, config: LaneConfig, name: str, url: str, *, count_running: bool) -> Manifest:
    """How many messages a queue holds, in flight or waiting; the lanes of a pool share region and endpoint."""
    where = {"awsEndpoint": config.endpoint} if config.endpoint else {}
    return {
        "type": "aws-sqs-queue",
        "name": name,
        "authenticationRef": {"name": trigger_authentication_name(pool.name)},
        "metadata": {
            **where,
            "awsRegion": config.region,
            "queueLength": "1",
            "queueURL": url,
            "scaleOnInFlight": "true" if count_running else "false",
        },
        "useCachedMetrics": True,
    }
