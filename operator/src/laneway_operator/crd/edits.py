"""What an edit of each field of a pool and of a placement profile does, held against what is rendered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator


class Does(StrEnum):
    """What an edit of a field does."""

    ROLLS = "replaces the lane's workers"
    REREAD = "running workers read it again"
    SCALES = "KEDA counts anew"
    GATEWAYS = "replaces the gateways"
    PROJECTOR = "replaces the projector"
    COUNTS = "sets the number of gateways once"
    NOTHING = "nothing to workers"
    REFUSED = "is refused"
    ANOTHER = "takes one away and makes another"


@dataclass(frozen=True)
class Edit:
    """A field, and what its edit does."""

    does: frozenset[Does]
    why: str = ""


def _edit(*does: Does, why: str = "") -> Edit:
    return Edit(frozenset(does), why)


_ROLLS, _REREAD, _SCALES, _NOTHING = (_edit(each) for each in (Does.ROLLS, Does.REREAD, Does.SCALES, Does.NOTHING))
_STOPS = _edit(Does.REREAD, Does.SCALES, why="KEDA holds the lane at zero, and its workers drain")
_MODEL = _edit(Does.ROLLS, why="Ollama loads another model")
_QUIET = _edit(Does.REREAD, Does.SCALES, why="a floor, which has no `suspend`, is KEDA's alone")
_POD = _edit(Does.ROLLS, why="part of the pod")
_ASKED = _edit(Does.ROLLS, why="part of the pod; what is left out follows the model, in coarse steps")
_DOOR = _edit(Does.GATEWAYS, why="read when a gateway starts")
_ROWS = _edit(Does.PROJECTOR, why="read when the projector starts; events wait meanwhile")
_PLACE = _edit(Does.REREAD, why="jobs that have started keep the place that they were checked against")
_RESULTS = _edit(Does.REFUSED, why="jobs under way would be answered twice")
_NAME = _edit(Does.REFUSED, why="another name is another pool")

EDITS = {
    "metadata.name": _NAME,
    "metadata.namespace": _NAME,
    "metadata.annotations.laneway.dev/paused": _STOPS,
    "metadata.annotations.laneway.dev/paused-lanes": _STOPS,
    "spec.model.name": _MODEL,
    "spec.model.digest": _MODEL,
    "spec.model.contextLength": _edit(
        Does.ROLLS, why="Ollama loads the model for it; a `maxTokens` that isn't given may follow"
    ),
    "spec.modelStore.pull": _MODEL,
    "spec.modelStore.image.reference": _MODEL,
    "spec.modelStore.image.pullPolicy": _POD,
    "spec.modelStore.volumeClaim.name": _MODEL,
    "spec.engine": _edit(Does.ROLLS, why="another image of Ollama"),
    "spec.results.s3.bucket": _RESULTS,
    "spec.results.s3.prefix": _RESULTS,
    "spec.destinations[].name": _PLACE,
    "spec.destinations[].s3.bucket": _PLACE,
    "spec.destinations[].s3.prefix": _PLACE,
    "spec.notifications.sns.topicARN": _edit(Does.REREAD, why="asked when a result is told, of running jobs too"),
    "spec.aws.region": _edit(Does.ROLLS, Does.SCALES, why="connections are made at the start"),
    "spec.serviceAccount.annotations": _edit(Does.NOTHING, why="workers keep their role until they are replaced"),
    "spec.serviceAccount.preflightAnnotations": _NOTHING,
    "spec.serviceAccount.name": _POD,
    "spec.lanes[].name": _edit(Does.ANOTHER, why="another name is another lane, with another queue"),
    "spec.lanes[].queue.managed.deletionPolicy": _edit(Does.NOTHING, why="read when the pool is deleted"),
    "spec.lanes[].queue.external.url": _edit(Does.ROLLS, Does.SCALES, why="a worker serves one queue for life"),
    "spec.lanes[].queue.external.deadLetterURL": _edit(Does.ROLLS, why="named beside the queue"),
    "spec.lanes[].model.name": _MODEL,
    "spec.lanes[].model.digest": _MODEL,
    "spec.lanes[].model.contextLength": _edit(
        Does.ROLLS, why="Ollama loads the model for it; a `maxTokens` that isn't given may follow"
    ),
    "spec.lanes[].parallel": _edit(Does.ROLLS, Does.SCALES, why="Ollama shares its memory among so many"),
    "spec.lanes[].limits.timeout": _edit(
        Does.ROLLS,
        Does.REREAD,
        why="replaces workers only where it is their time to drain, too, which Kubernetes keeps with each pod: where "
        "`drainTimeout` isn't given, below 30m, on nodes that aren't `spot`",
    ),
    "spec.lanes[].limits.expiresAfter": _edit(Does.REREAD, why="a managed queue's retention follows"),
    "spec.lanes[].limits.maxAttempts": _REREAD,
    "spec.lanes[].limits.maxTokens": _edit(Does.REREAD, why="sent with each request"),
    "spec.lanes[].scaling.minReplicas": _SCALES,
    "spec.lanes[].scaling.maxReplicas": _SCALES,
    "spec.lanes[].scaling.jobsPerReplica": _SCALES,
    "spec.lanes[].scaling.cooldown": _SCALES,
    "spec.lanes[].scaling.pollingInterval": _edit(Does.SCALES, why="how often it does"),
    "spec.lanes[].scaling.scaleIn.percent": _SCALES,
    "spec.lanes[].scaling.scaleIn.period": _SCALES,
    "spec.lanes[].schedules[].name": _NOTHING,
    "spec.lanes[].schedules[].timezone": _QUIET,
    "spec.lanes[].schedules[].start": _QUIET,
    "spec.lanes[].schedules[].end": _QUIET,
    "spec.lanes[].schedules[].minReplicas": _SCALES,
    "spec.lanes[].schedules[].suspend": _QUIET,
    "spec.lanes[].placement.profiles": _edit(
        Does.ROLLS, Does.REREAD, why="as what differs between the profiles, below: a price alone replaces nobody"
    ),
    "spec.lanes[].drainTimeout": _edit(Does.ROLLS, why="Kubernetes keeps it with each pod"),
    "spec.lanes[].resources.requests": _ASKED,
    "spec.lanes[].resources.limits": _ASKED,
    "spec.lanes[].pods.labels": _POD,
    "spec.lanes[].pods.annotations": _POD,
    "spec.lanes[].pods.priorityClassName": _POD,
    "spec.lanes[].pods.runtimeClassName": _POD,
    "spec.lanes[].pods.env[].name": _POD,
    "spec.lanes[].pods.env[].value": _POD,
    "spec.lanes[].suspend": _STOPS,
    "spec.pods.labels": _POD,
    "spec.pods.annotations": _POD,
    "spec.pods.imagePullSecrets": _POD,
    "spec.pods.priorityClassName": _POD,
    "spec.pods.runtimeClassName": _POD,
    "spec.pods.env[].name": _POD,
    "spec.pods.env[].value": _POD,
    "spec.gateway.replicas": _edit(Does.COUNTS, why="an autoscaler of yours goes on from there"),
    "spec.gateway.keys.secretName": _edit(Does.GATEWAYS, why="the Secret itself is read again, without a restart"),
    "spec.gateway.keys.key": _edit(Does.GATEWAYS, why="the Secret itself is read again, without a restart"),
    "spec.gateway.edgeIdleTimeout": _DOOR,
    "spec.gateway.maxWait": _DOOR,
    "spec.gateway.lanes.flex": _DOOR,
    "spec.gateway.lanes.priority": _DOOR,
    "spec.gateway.lanes.tasks": _DOOR,
    "spec.gateway.anonymousCatalogue": _DOOR,
    "spec.gateway.resources.requests": _edit(Does.GATEWAYS, why="part of the pod"),
    "spec.gateway.resources.limits": _edit(Does.GATEWAYS, why="part of the pod"),
    "spec.gateway.service.annotations": _edit(Does.NOTHING, why="the Service alone is changed"),
    "spec.gateway.serviceAccount.annotations": _edit(
        Does.NOTHING, why="gateways keep their role until they are replaced"
    ),
    "spec.table.postgres.secretName": _ROWS,
    "spec.table.postgres.key": _ROWS,
    "spec.table.postgres.iam.host": _ROWS,
    "spec.table.postgres.iam.database": _ROWS,
    "spec.table.postgres.iam.user": _ROWS,
    "spec.table.postgres.port": _edit(
        Does.PROJECTOR, why="of `iam`; of a Secret's URL it is the NetworkPolicy's alone, and replaces nobody"
    ),
    "spec.table.postgres.caBundle.configMapName": _ROWS,
    "spec.table.postgres.caBundle.key": _ROWS,
    "spec.table.dynamodb.tableName": _ROWS,
    "spec.table.output": _edit(Does.REREAD, Does.PROJECTOR, why="of jobs that end from then on"),
    "spec.table.retention": _ROWS,
    "spec.table.serviceAccount.annotations": _edit(
        Does.NOTHING, why="the projector keeps its role until it is replaced"
    ),
    "spec.suspend": _STOPS,
}
"""Each field of a pool → what its edit does. A test renders a pool before and after each."""

PROFILE_EDITS = {
    "nodeSelector": _POD,
    "tolerations[].key": _POD,
    "tolerations[].operator": _POD,
    "tolerations[].value": _POD,
    "tolerations[].effect": _POD,
    "tolerations[].tolerationSeconds": _POD,
    "accelerator.extendedResource.name": _POD,
    "accelerator.extendedResource.count": _POD,
    "accelerator.extendedResource.memory": _edit(
        Does.ROLLS, why="Ollama's default limit and request of memory follow, and `ModelFits`"
    ),
    "interruption": _edit(Does.ROLLS, why="a time to drain that a spot node allows"),
    "pricePerHour": _edit(Does.REREAD, why="a result has the price that held when its job started"),
}
"""The same of a placement profile."""


def leaves(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every field of a model that has none inside, by its place."""
    for name, field in model.model_fields.items():
        place = f"{before}{field.alias or name}"
        inside, many = _inside(field.annotation)
        if inside is not None and inside.model_fields:
            yield from leaves(inside, f"{place}[]." if many else f"{place}.")
        elif place not in ("apiVersion", "kind"):
            yield place


def _inside(annotation: object) -> tuple[type[BaseModel] | None, bool]:
    """The model that a field holds, where it holds one, and whether it holds several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    several = getattr(annotation, "__origin__", None) is tuple
    found = (_inside(each) for each in get_args(annotation))
    return next(((model, many or several) for model, many in found if model is not None), (None, False))
