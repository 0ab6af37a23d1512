"""The Lease as an object of Kubernetes, in the operator's namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import MANAGED_BY, MANAGED_BY_LABEL
from laneway_operator.errors import Unreachable
from laneway_operator.leader.election import TURN_SECONDS, Record

if TYPE_CHECKING:
    from laneway_operator.cluster.api_server import ApiServer

API = "coordination.k8s.io/v1"
ANSWER_SECONDS = 2 * TURN_SECONDS  # a renewal has two tries before its holder must stop


class KubernetesLease:
    """An object in the operator's namespace."""

    def __init__(self, api: ApiServer, namespace: str, name: str) -> None:
        """Of this namespace and name."""
        self._api = api
        self._namespace = namespace
        self._name = name
        self._all = f"/apis/{API}/namespaces/{namespace}/leases"

    def read(self) -> Record | None:
        """See the port."""
        found = self._api.call("GET", f"{self._all}/{self._name}", seconds=ANSWER_SECONDS)
        return None if found is None else _record(found)

    def write(self, record: Record) -> Record:
        """See the port."""
        verb, path = ("PUT", f"{self._all}/{self._name}") if record.version else ("POST", self._all)
        done = self._api.call(verb, path, body=self._body(record), seconds=ANSWER_SECONDS)
        if done is None:
            raise Unreachable(f"{verb} {path}: the Lease or its namespace is gone")
        return _record(done)

    def _body(self, record: Record) -> dict[str, Any]:
        metadata: dict[str, Any] = {
            "name": self._name,
            "namespace": self._namespace,
            "labels": {MANAGED_BY_LABEL: MANAGED_BY},
        }
        spec = {
            "holderIdentity": record.holder,
            "leaseDurationSeconds": record.seconds,
            "leaseTransitions": record.transitions,
            "acquireTime": record.acquired or None,
            "renewTime": record.renewed or None,
        }
        version = {"resourceVersion": record.version} if record.version else {}
        return {"apiVersion": API, "kind": "Lease", "metadata": metadata | version, "spec": spec}


def _record(body: dict[str, Any]) -> Record:
    spec = body.get("spec") or {}
    return Record(
        holder=spec.get("holderIdentity") or "",
        seconds=spec.get("leaseDurationSeconds") or 0,
        transitions=spec.get("leaseTransitions") or 0,
        acquired=spec.get("acquireTime") or "",
        renewed=spec.get("renewTime") or "",
        version=body["metadata"]["resourceVersion"],
    )
