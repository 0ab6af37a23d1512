"""What the operator wrote, as the API server has it in its audit log."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway_operator.cluster.api_server import USER_AGENT
from laneway_operator.reconcile.workqueue import REST_SECONDS
from support.cluster.control.plane import AUDIT_LOG
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.cluster.cluster import Cluster
    from support.operator.process import Operated


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
    return [each for each in _since(cluster, since) if each.resource not in ("leases", "events")]


def told(cluster: Cluster, since: int = 0) -> list[Write]:
    """The same of Events."""
    return [each for each in _since(cluster, since) if each.resource == "events"]


def quiet(operated: Operated) -> None:
    """Until it has written nothing for longer than a pool rests between two passes."""
    last, since = mark(operated.cluster), time.monotonic()

    def still() -> bool:
        nonlocal last, since
        if written(operated.cluster, last):
            last, since = mark(operated.cluster), time.monotonic()
        return time.monotonic() - since > 2 * REST_SECONDS

    eventually(still)


def mark(cluster: Cluster) -> int:
    """The place in the log where the next request will stand."""
    return (cluster.folder / AUDIT_LOG).stat().st_size


def _since(cluster: Cluster, since: int) -> list[Write]:
    with (cluster.folder / AUDIT_LOG).open() as log:
        log.seek(since)
        return list(_read(log.read()))


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
