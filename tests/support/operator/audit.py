"""What the operator wrote, as the API server has it in its audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway_operator.cluster.api_server import USER_AGENT
from support.cluster.control.plane import AUDIT_LOG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.cluster.cluster import Cluster


@dataclass(frozen=True)
class Write:
    """One request that changes something."""

    verb: str
    resource: str
    """With its subresource, such as `llmworkerpools/status`."""
    namespace: str
    name: str
    code: int


def written(cluster: Cluster, since: int = 0) -> list[Write]:
    """By any operator, from a place in the log on; the Lease and Events aside."""
    with (cluster.folder / AUDIT_LOG).open() as log:
        log.seek(since)
        return [each for each in _read(log.read()) if each.resource not in ("leases", "events")]


def mark(cluster: Cluster) -> int:
    """The place in the log where the next request will stand."""
    return (cluster.folder / AUDIT_LOG).stat().st_size


def _read(text: str) -> Iterator[Write]:
    for line in text.splitlines():
        if USER_AGENT not in line or not line.endswith("}"):
            continue
        event = json.loads(line)
        if not event.get("userAgent", "").startswith(USER_AGENT):
            continue
        asked = event["objectRef"]
        part = f"/{asked['subresource']}" if "subresource" in asked else ""
        code = event.get("responseStatus", {}).get("code", 0)
        resource = f"{asked['resource']}{part}"
        yield Write(event["verb"], resource, asked.get("namespace", ""), asked.get("name", ""), code)
