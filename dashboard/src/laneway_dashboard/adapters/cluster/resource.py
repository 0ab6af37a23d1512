"""An LLMWorkerPool, as far as a dashboard reads it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.schema.pool.pool import default_prefix
from laneway.schema.shared.names import PAUSED, PAUSED_LANES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Resource:
    """One, as it was read."""

    name: str
    """`namespace/name`."""
    uid: str
    version: str
    """Of the object: whoever writes over another version is refused."""
    url: str
    lanes: tuple[str, ...]
    paused: frozenset[str]
    """Lanes that the annotation names."""
    suspended: Mapping[str, str]
    """Lanes that are stopped otherwise → where that is written."""
    stages: Mapping[str, str]

    def is_paused(self, lane: str) -> bool:
        """By whomever."""
        return lane in self.paused or lane in self.suspended


def resource_of(item: Mapping[str, Any]) -> Resource:
    """Raises `KeyError` and `TypeError` for what the resource's definition does not let be."""
    metadata, spec = item["metadata"], item["spec"]
    annotations = metadata.get("annotations") or {}
    s3 = spec["results"]["s3"]
    prefix = s3.get("prefix") or default_prefix(metadata["name"])
    return Resource(
        name=f"{metadata['namespace']}/{metadata['name']}",
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        url=f"s3://{s3['bucket']}/{prefix}".rstrip("/"),
        lanes=tuple(each["name"] for each in spec["lanes"]),
        paused=lanes_in(annotations.get(PAUSED_LANES)),
        suspended=_suspended(spec, annotations),
        stages={
            each["name"]: words(each["stage"])
            for each in (item.get("status") or {}).get("lanes") or ()
            if each.get("stage")
        },
    )


def lanes_in(text: str | None) -> frozenset[str]:
    """Of the annotation."""
    return frozenset(filter(None, (each.strip() for each in (text or "").split(","))))


def with_lane(paused: frozenset[str], lane: str, *, stop: bool) -> str | None:
    """The annotation's next value; None where it goes."""
    return ",".join(sorted(paused | {lane} if stop else paused - {lane})) or None


def words(stage: str) -> str:
    """`NodeStarting` as people say it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stage).lower()


def _suspended(spec: Mapping[str, Any], annotations: Mapping[str, str]) -> dict[str, str]:
    names = [each["name"] for each in spec["lanes"]]
    if annotations.get(PAUSED) == "true":
        return dict.fromkeys(names, f"the annotation {PAUSED} of the pool")
    if spec.get("suspend"):
        return dict.fromkeys(names, "`suspend` of the pool")
    return {each["name"]: "`suspend` of the lane" for each in spec["lanes"] if each.get("suspend")}
