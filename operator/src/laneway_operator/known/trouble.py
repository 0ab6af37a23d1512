"""Why a pod does not serve, from its own status and from what its worker wrote onto it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from laneway.schema.pool.documents.preflight import Finding, PreflightCode
from laneway.schema.shared.names import COMPONENT_LABEL, ENGINE_BROKEN_EXIT
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly
from laneway_operator.known.report import report_of
from laneway_operator.known.volumes import Volumes
from laneway_operator.reasons import Reason
from laneway_operator.render.meta import GATEWAY, OLLAMA, PREFLIGHT, PROJECTOR, WORKER, Component

if TYPE_CHECKING:
    from collections.abc import Iterator

Found = tuple[Reason, str]

MAX_WORDS = 1024  # a command that mends a queue fits
LACKS_DEVICE = re.compile(r"Insufficient [^\s/,]+/")  # an extended resource has a slash in its name
PULL_FAILURES = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
START_FAILURES = {"CreateContainerError", "RunContainerError"}
SPOKEN = "laneway-worker: "
"""How a worker's own last line begins. Nothing else of a container's last words is quoted: a log may hold a job's text,
and Ollama's does where it can't read a job's grammar.
"""
OTHERS_SPOKEN = {GATEWAY: "laneway-gateway: ", PROJECTOR: "laneway-table: "}
"""Of containers that are no worker's."""
KEYS = "LANEWAY_GATEWAY_KEYS"
"""A gateway's last words name the variable that it could not use."""
SILENT = "its log may tell why"
GAVE_UP = 1
"""Ollama's exit code where it can't begin to serve: most often as it can neither find nor make what it keeps models in.
A panic ends it with 2, and what it is killed by with more.
"""
MOUNTS_NOTHING = 'mkdir ""'
"""Of containerd before 2.1, which takes an image volume for a folder without a name (kubernetes-sigs/kind#3745)."""
WORKER_CODES = {
    "model_missing": Reason.MODEL_MISSING,
    "model_pull_failed": Reason.MODEL_PULL_FAILED,
    "model_unusable": Reason.MODEL_UNUSABLE,
    "aws_refused": Reason.AWS_REFUSED,
    "aws_unavailable": Reason.AWS_UNREACHABLE,
    "engine_down": Reason.ENGINE_DOWN,
    "engine_broken": Reason.ENGINE_BROKEN,
    "fewer_slots": Reason.FEWER_SLOTS,
}
PREFLIGHT_CODES = {
    PreflightCode.ACCESS_DENIED: Reason.ACCESS_DENIED,
    PreflightCode.BUCKET_MISSING: Reason.BUCKET_MISSING,
    PreflightCode.QUEUE_MISSING: Reason.QUEUE_MISSING,
    PreflightCode.TOPIC_MISSING: Reason.TOPIC_MISSING,
    PreflightCode.NO_CONDITIONAL_WRITES: Reason.NO_CONDITIONAL_WRITES,
    PreflightCode.REDRIVE_TOO_LOW: Reason.REDRIVE_TOO_LOW,
    PreflightCode.RETENTION_TOO_SHORT: Reason.RETENTION_TOO_SHORT,
    PreflightCode.POOL_DOCUMENT_OF_ANOTHER: Reason.POOL_DOCUMENT_OF_ANOTHER,
    PreflightCode.AWS_REFUSED: Reason.AWS_REFUSED,
    PreflightCode.AWS_UNAVAILABLE: Reason.AWS_UNREACHABLE,
}


def trouble_of_pod(body: dict[str, Any]) -> Found | None:
    """The first named cause; None for a pod that only needs time, and for one that was evicted or lost with its node:
    it never runs again, another stands in its place, and it lies about until Kubernetes removes it.
    """
    status = body.get("status", {})
    if status.get("phase") == "Failed":
        return None
    for found in _causes(body, status):
        return found[0], _plain(found[1])
    return None


def _plain(words: str) -> str:
    """Words from outside, in one line, without what a terminal would obey or the API server would replace."""
    return "".join(each if each.isprintable() else " " for each in words[:MAX_WORDS])


def _causes(body: dict[str, Any], status: dict[str, Any]) -> Iterator[Found]:
    volumes = Volumes.of(body.get("spec", {}))
    yield from _unscheduled(body, status, volumes)
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        yield from _container(container, volumes)
    yield from _told_by_worker(report_of(body))


def _unscheduled(body: dict[str, Any], status: dict[str, Any], volumes: Volumes) -> Iterator[Found]:
    component = body.get("metadata", {}).get("labels", {}).get(COMPONENT_LABEL, Component.WORKER)
    no_node = Reason.UNSCHEDULABLE if component == Component.WORKER else Reason.AUXILIARY_UNSCHEDULABLE
    for each in status.get("conditions", []):
        if each.get("type") == "PodScheduled" and each.get("reason") == "Unschedulable":
            message = str(each.get("message", ""))
            other = Reason.NO_GPU_CAPACITY if LACKS_DEVICE.search(message) else no_node
            yield volumes.unscheduled(message) or other, message


def _container(container: dict[str, Any], volumes: Volumes) -> Iterator[Found]:
    """A container that is ready has got over its last end."""
    if container.get("ready"):
        return
    name, state = container.get("name"), container.get("state", {})
    waiting, last = state.get("waiting", {}), container.get("lastState", {}).get("terminated", {})
    ended = state.get("terminated", last)
    reason, message = waiting.get("reason"), str(waiting.get("message", ""))
    if reason in PULL_FAILURES:
        image = next((each for each in volumes.images if each in message), container.get("image"))
        yield Reason.IMAGE_PULL_FAILED, f"container {name}: image {image} can't be pulled"
    elif reason == "CreateContainerConfigError":
        missing = "secret" in message.lower() and ("not found" in message or "find key" in message)
        yield (Reason.SECRET_MISSING if missing else Reason.REFUSED), f"container {name}: {message}"
    elif reason in START_FAILURES:
        yield _not_started(f"container {name} can't be started: {message}", volumes.images)
    elif ended.get("reason") == "OOMKilled":
        yield Reason.OUT_OF_MEMORY, f"container {name} was killed for its memory"
    elif name == PREFLIGHT and (found := _found_by_preflight(ended)):
        yield PREFLIGHT_CODES[found.code], found.message
    elif ended.get("exitCode"):
        yield _crash(name, ended, volumes)


def _not_started(words: str, images: list[str]) -> Found:
    if images and MOUNTS_NOTHING in words:
        return Reason.IMAGE_VOLUMES_MISSING, f"{words}; the node's container runtime knows no image volumes"
    return Reason.CRASHING, words


def _crash(name: str | None, ended: dict[str, Any], volumes: Volumes) -> Found:
    told = f"container {name} ended with code {ended['exitCode']}"
    if name == OLLAMA:
        return _end_of_ollama(told, ended["exitCode"], volumes.told)
    words = _last_words(ended)
    said = words if words.startswith(OTHERS_SPOKEN.get(name or "", SPOKEN)) else SILENT
    if name == GATEWAY and KEYS in said:
        return Reason.GATEWAY_KEYS_MISSING, said
    if name == WORKER and ended["exitCode"] == ENGINE_BROKEN_EXIT:
        return Reason.ENGINE_BROKEN, said
    return Reason.CRASHING, f"{told}: {said}"


def _end_of_ollama(told: str, code: int, volume: str | None) -> Found:
    if code != GAVE_UP or volume is None:
        return Reason.CRASHING, f"{told}: {SILENT}"
    form = "a model folder of Ollama's, with blobs and manifests that all may read"
    return Reason.MODEL_MISSING, f"{told}, as it does where the {volume} is not {form}"


def _found_by_preflight(ended: dict[str, Any]) -> Finding | None:
    try:
        return Finding.model_validate(read_strictly(_last_words(ended).encode(errors="replace")), strict=False)
    except (NotStrictJSON, ValidationError):
        return None


def _last_words(ended: dict[str, Any]) -> str:
    lines = str(ended.get("message", "")).strip().splitlines()
    return lines[-1] if lines else ""


def _told_by_worker(report: dict[str, Any]) -> Iterator[Found]:
    reason = WORKER_CODES.get(str(report.get("code")))
    if reason is not None:
        yield reason, str(report.get("message", ""))
