"""Kubernetes by the official client: server-side apply, whole, as one field manager."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from laneway.schema.shared.names import FINALIZER
from laneway_operator.cluster.api_server import CALL_SECONDS
from laneway_operator.cluster.port import NAMED_BY_CONTENT, refuse_foreign
from laneway_operator.errors import NotYet, Unreachable
from laneway_operator.kinds import EVENTS, KEDA_GROUP, KINDS, POOLS, PROFILES, SECRETS
from laneway_operator.known.digest import FIELD_MANAGER, owned
from laneway_operator.known.image_volumes import has_image_volumes, refuse_dropped
from laneway_operator.reasons import Reason
from laneway_operator.render.meta import REPLICAS

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_operator.cluster.api_server import ApiServer
    from laneway_operator.kinds import Kind
    from laneway_operator.known.observe import Child
    from laneway_operator.known.snapshot import PoolBody
    from laneway_operator.render.view import Manifest

SEED_MANAGER = "laneway-replicas"
"""Sets a Deployment's replicas, those of lanes to zero, and then lets KEDA or another autoscaler have them."""

MAY_GO = ("formerLanes", "operator")
"""Fields of a pool's status that are there and then not."""


class KubernetesCluster:
    """The API server. One instance serves all threads."""

    def __init__(self, api: ApiServer, seconds_left: Callable[[], float]) -> None:
        """`seconds_left` says for how long this operator may write yet."""
        self._api = api
        self._seconds_left = seconds_left
        self._not_before = 0.0

    def apply(self, manifest: Manifest) -> None:
        """A Deployment comes to life with so many replicas as its annotation says, none without, that nobody owns for
        long.

        Force would take an object from another pool, or from a person, and the pool's end would delete it: a namesake
        is looked for first.
        """
        live = None if manifest["kind"] in NAMED_BY_CONTENT else self._call("GET", _path(manifest))
        if live is not None:
            refuse_foreign(live, manifest)
        if manifest["kind"] == "Deployment":
            self._apply_deployment(manifest, live)
        else:
            self._patch(manifest, FIELD_MANAGER)

    def _apply_deployment(self, manifest: Manifest, live: dict[str, Any] | None) -> None:
        """Replicas that are left out default to one, and owned and left out later fall back to one. So a new
        Deployment gets its number together with everything else, a second manager claims it, and then we let go of it.
        The same manager sets another number where the annotation has changed.

        One with image volumes is only tried first: without them its workers would end at every start.
        """
        if has_image_volumes(manifest):
            refuse_dropped(manifest, self._patch(manifest, FIELD_MANAGER, dryRun="All"))
        begins = begins_with(manifest)
        if live is None:
            live = self._patch(manifest | {"spec": manifest["spec"] | {"replicas": begins}}, FIELD_MANAGER)
        changed = begins_with(live) != begins
        if changed or "replicas" in owned(live).get("spec", {}):
            address = {key: manifest[key] for key in ("apiVersion", "kind")}
            place = {key: manifest["metadata"][key] for key in ("name", "namespace")}
            replicas = {"replicas": begins if changed else live["spec"]["replicas"]}
            self._patch(address | {"metadata": place, "spec": replicas}, SEED_MANAGER)
        self._patch(manifest, FIELD_MANAGER)

    def _patch(self, manifest: Manifest, manager: str, **options: str) -> dict[str, Any]:
        query = {"fieldManager": manager, "force": "true", **options}
        done = self._call("PATCH", _path(manifest), query, manifest, "application/apply-patch+yaml")
        if done is None:
            raise _missing(manifest)
        return done

    def delete(self, child: Child, namespace: str) -> None:
        """Its UID must match: a namesake that came later stays."""
        kind = KINDS[child.kind]
        options = {"preconditions": {"uid": child.uid}, "propagationPolicy": "Background"}
        self._call("DELETE", _address(kind, namespace, child.name), body=options)

    def write_status(self, namespace: str, name: str, status: dict[str, Any]) -> None:
        """One merge patch, which leaves whatever it doesn't name."""
        self._write_status(_address(POOLS, namespace, name), dict.fromkeys(MAY_GO) | status)

    def write_profile_status(self, name: str, status: dict[str, Any]) -> None:
        """As a pool's."""
        self._write_status(_address(PROFILES, "", name), status)

    def _write_status(self, address: str, status: dict[str, Any]) -> None:
        body, kind = {"status": status}, "application/merge-patch+json"
        self._call("PATCH", f"{address}/status", {"fieldManager": FIELD_MANAGER}, body, kind)

    def tell(self, event: Manifest) -> None:
        """See the port."""
        name = event["metadata"]["name"]
        collection = _address(EVENTS, event["metadata"]["namespace"], name).rpartition("/")[0]
        self._call("POST", collection, {"fieldManager": FIELD_MANAGER}, event)

    def tell_again(self, namespace: str, name: str, count: int, at: str) -> None:
        """See the port."""
        body, kind = {"series": {"count": count, "lastObservedTime": at}}, "application/merge-patch+json"
        self._call("PATCH", _address(EVENTS, namespace, name), {"fieldManager": FIELD_MANAGER}, body, kind)

    def has_pool(self, namespace: str, name: str, uid: str) -> bool:
        """See the port."""
        metadata = (self._call("GET", _address(POOLS, namespace, name)) or {}).get("metadata", {})
        return metadata.get("uid") == uid and "deletionTimestamp" not in metadata

    def hold(self, pool: PoolBody) -> None:
        """See the port."""
        self._set_finalizers(pool, lambda there: [*there, FINALIZER])

    def let_go(self, pool: PoolBody) -> None:
        """See the port."""
        self._set_finalizers(pool, lambda there: there)

    def _set_finalizers(self, pool: PoolBody, wanted: Callable[[list[str]], list[str]]) -> None:
        """Of exactly the pool and the version that was read: others' finalizers are theirs."""
        path = _address(POOLS, pool.namespace, pool.name)
        metadata = (self._call("GET", path) or {}).get("metadata", {})
        there = metadata.get("finalizers", [])
        after = wanted([each for each in there if each != FINALIZER])
        if metadata.get("uid") == pool.uid and sorted(after) != sorted(there):
            patch = {"resourceVersion": metadata["resourceVersion"], "finalizers": after}
            self._call("PATCH", path, {}, {"metadata": patch}, "application/merge-patch+json")

    def document(self, namespace: str, name: str, file: str) -> str | None:
        """See the port."""
        found = self._call("GET", _address(KINDS["ConfigMap"], namespace, name)) or {}
        text: str | None = found.get("data", {}).get(file)
        return text

    def has_secret(self, namespace: str, name: str) -> bool:
        """Only of the one name that the operator's role allows."""
        return self._call("GET", _address(SECRETS, namespace, name)) is not None

    def identity(self) -> str:
        """See the port."""
        found = self._call("GET", "/api/v1/namespaces/kube-system")
        if found is None:
            raise Unreachable("reading the namespace kube-system: it is not there")
        return str(found["metadata"]["uid"])

    def _call(
        self,
        verb: str,
        path: str,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any] | None:
        """As `ApiServer.call`. A write ends before another operator may begin, and a server that asked for a pause
        gets it from all threads.
        """
        pause = self._not_before - time.monotonic()
        if pause > 0:
            raise Unreachable(f"{verb} {path}: the API server asked for a pause", pause)
        seconds = CALL_SECONDS if verb == "GET" else min(CALL_SECONDS, self._seconds_left())
        if seconds <= 0:
            raise Unreachable(f"{verb} {path}: another operator may be the active one")
        try:
            return self._api.call(verb, path, query, body, content_type, seconds)
        except Unreachable as error:
            if error.after:
                self._not_before = max(self._not_before, time.monotonic() + error.after)
            raise


def begins_with(deployment: Manifest) -> int:
    """Replicas that a Deployment is to begin with, or has been told to."""
    said: str = (deployment["metadata"].get("annotations") or {}).get(REPLICAS, "")
    return int(said) if said.isdecimal() else 0


def _missing(manifest: Manifest) -> Exception:
    kind = manifest["kind"]
    if manifest["apiVersion"].startswith(f"{KEDA_GROUP}/"):
        return NotYet(Reason.KEDA_MISSING, f"the cluster has no {kind}: KEDA is not installed")
    return Unreachable(f"applying a {kind} to namespace {manifest['metadata']['namespace']}: not found")


def _path(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return _address(KINDS[manifest["kind"]], metadata["namespace"], metadata["name"])


def _address(kind: Kind, namespace: str, name: str) -> str:
    """Without a namespace, of the cluster."""
    root = "/apis" if kind.group else "/api"
    place = f"namespaces/{quote(namespace, safe='')}/" if namespace else ""
    return f"{root}/{kind.api}/{place}{kind.plural}/{quote(name, safe='')}"
