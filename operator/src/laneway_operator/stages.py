"""How far a worker's pod is, from its own status. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stage(StrEnum):
    """In the order in which a pod goes through them."""

    NODE_STARTING = "NodeStarting"
    PULLING_IMAGES = "PullingImages"
    STARTING_OLLAMA = "StartingOllama"
    LOADING_MODEL = "LoadingModel"
    SERVING = "Serving"


STAGES = tuple(Stage)


def stage_of_pod(body: Mapping[str, Any], engine: str) -> Stage | None:
    """The stage of a pod that comes up or serves, by the container `engine`; none of one that has ended or leaves."""
    status = body.get("status", {})
    if "deletionTimestamp" in body["metadata"] or status.get("phase") in ("Failed", "Succeeded"):
        return None
    if not body.get("spec", {}).get("nodeName"):
        return Stage.NODE_STARTING
    if _is_ready(status):
        return Stage.SERVING
    ollama: Mapping[str, Any] = next(
        (each for each in status.get("initContainerStatuses", []) if each.get("name") == engine), {}
    )
    if not ollama.get("started"):
        began = "running" in ollama.get("state", {}) or ollama.get("restartCount")
        return Stage.STARTING_OLLAMA if began else Stage.PULLING_IMAGES
    began = any("running" in each.get("state", {}) for each in status.get("containerStatuses", []))
    return Stage.LOADING_MODEL if began else Stage.PULLING_IMAGES


def _is_ready(status: Mapping[str, Any]) -> bool:
    conditions = status.get("conditions") or []
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
