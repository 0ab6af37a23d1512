"""Objects of the API server, by the names that kubectl has for them, without a kubectl for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from laneway.schema.shared.names import GROUP, PLURAL
from support.cluster.site import HTTP_NOT_FOUND, HTTP_OK
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.cluster.site import Site

OURS = f"/apis/{GROUP}/v1alpha1/namespaces/{{}}/{PLURAL}"
COLLECTIONS = {
    "configmap": "/api/v1/namespaces/{}/configmaps",
    "deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "job": "/apis/batch/v1/namespaces/{}/jobs",
    "lwp": OURS,
    PLURAL.removesuffix("s"): OURS,
    "namespace": "/api/v1/namespaces",
    "node": "/api/v1/nodes",
    "placementprofile": f"/apis/{GROUP}/v1alpha1/placementprofiles",
    "pod": "/api/v1/namespaces/{}/pods",
    "rolebinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "scaledobject": "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
    "service": "/api/v1/namespaces/{}/services",
    "serviceaccount": "/api/v1/namespaces/{}/serviceaccounts",
}
"""What tests look at again and again: a kubectl for each look takes a core from what they wait for."""
AS_KUBECTL = "fieldManager=kubectl&fieldValidation=Strict"
GONE_SECONDS = 60.0


def namespace_of(name: str) -> dict[str, Any]:
    """The manifest of a namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def read(site: Site, kind: str, name: str, namespace: str) -> dict[str, Any]:
    """An object as it is now; empty where there is none."""
    return site.find(f"{COLLECTIONS[kind].format(namespace)}/{name}")


def selected(site: Site, kind: str, selector: str, namespace: str) -> list[dict[str, Any]]:
    """Those with such labels."""
    return list(site.find(f"{COLLECTIONS[kind].format(namespace)}?labelSelector={quote(selector)}")["items"])


def apply(site: Site, manifest: Mapping[str, Any], namespace: str) -> None:
    """As `kubectl apply --server-side` does it."""
    site.apply(_path(site, manifest, namespace), manifest, AS_KUBECTL)


def _path(site: Site, manifest: Mapping[str, Any], namespace: str) -> str:
    version, metadata = manifest["apiVersion"], manifest["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    kinds = {each["kind"]: each for each in site.get(root)["resources"] if "/" not in each["name"]}
    kind = kinds[manifest["kind"]]
    where = f"namespaces/{metadata.get('namespace', namespace)}/" if kind["namespaced"] else ""
    return f"{root}/{where}{kind['name']}/{metadata['name']}"


def clear(site: Site, kind: str) -> None:
    """Delete all of a kind in all namespaces, until they are gone."""
    everywhere = COLLECTIONS[kind].replace("/namespaces/{}", "")
    for each in site.find(everywhere)["items"]:
        metadata = each["metadata"]
        path = f"{COLLECTIONS[kind].format(metadata['namespace'])}/{metadata['name']}"
        status, answer = site.request("DELETE", path)
        assert status in {HTTP_OK, HTTP_NOT_FOUND}, json.loads(answer)["message"]
    eventually(lambda: not site.find(everywhere)["items"], GONE_SECONDS)
