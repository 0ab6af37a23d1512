"""KEDA's operator and metrics adapter as plain processes; its webhooks aren't there."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from support.cluster.site import LOOPBACK
from support.toolchain.toolbox import KEDA

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster.programs import Probe
    from support.cluster.site import Site

OPERATOR, ADAPTER = "keda-operator", "keda-adapter"
NAMESPACE = "keda"
SERVICE = "keda-metrics-apiserver"
READER = "keda-external-metrics-reader"
METRICS = "external.metrics.k8s.io"
RBAC = "rbac.authorization.k8s.io"
ENVIRONMENT = {
    "WATCH_NAMESPACE": "",
    "POD_NAMESPACE": NAMESPACE,
    "POD_NAME": OPERATOR,
    "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE,
    "KEDA_HTTP_DEFAULT_TIMEOUT": "3000",
}


def start_keda(site: Site, kubeconfig: Path) -> None:
    """Its CRDs and programs; `keda_probes` tell when they are ready."""
    make_keda_kinds(site)
    for path, manifest in _objects(site).items():
        site.apply(path, manifest)
    certificates = site.certificates.keda
    operator = f"{LOOPBACK}:{site.ports.keda_metrics}"
    site.programs.start(
        OPERATOR,
        site.tools.program("keda-operator"),
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--zap-encoder=console",
        f"--metrics-bind-address={LOOPBACK}:{site.ports.keda_prometheus}",
        f"--health-probe-bind-address={LOOPBACK}:{site.ports.keda_health}",
        f"--metrics-service-bind-address={operator}",
        f"--cert-dir={certificates}",
        "--enable-cert-rotation=false",
        environment=ENVIRONMENT,
    )
    site.programs.start(
        ADAPTER,
        site.tools.program("keda-adapter"),
        f"--lister-kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={site.ports.keda_adapter}",
        f"--metrics-service-address={operator}",
        f"--cert-dir={certificates}",
        f"--tls-cert-file={certificates / 'tls.crt'}",
        f"--tls-private-key-file={certificates / 'tls.key'}",
        f"--client-ca-file={site.certificates.ca.certificate}",
        environment={**ENVIRONMENT, "KUBECONFIG": str(kubeconfig)},
    )


def make_keda_kinds(site: Site) -> None:
    """Its CRDs."""
    for file in site.tools.files(KEDA, "crds"):
        group, plural = file.stem.split("_")
        site.apply(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}", file.read_text())


def _objects(site: Site) -> dict[str, dict[str, Any]]:
    """The way from the autoscaler to the adapter, by path in the API."""
    bundle = base64.b64encode((site.certificates.keda / "ca.crt").read_bytes()).decode()
    # the API server resolves the Service itself, so its address needs to be neither a pod's nor virtual
    service = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": site.ports.keda_adapter}]}
    backend = {"name": SERVICE, "namespace": NAMESPACE, "port": site.ports.keda_adapter}
    version = {"group": METRICS, "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100}
    rules = [{"apiGroups": [METRICS], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
    autoscaler = {"kind": "ServiceAccount", "name": "horizontal-pod-autoscaler", "namespace": "kube-system"}
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": READER}
    rbac = f"/apis/{RBAC}/v1"
    return {
        f"/api/v1/namespaces/{NAMESPACE}": _object("v1", "Namespace", NAMESPACE),
        f"/api/v1/namespaces/{NAMESPACE}/services/{SERVICE}": _object("v1", "Service", SERVICE, spec=service),
        f"/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.{METRICS}": _object(
            "apiregistration.k8s.io/v1",
            "APIService",
            f"v1beta1.{METRICS}",
            spec={**version, "caBundle": bundle, "service": backend},
        ),
        f"{rbac}/clusterroles/{READER}": _object(f"{RBAC}/v1", "ClusterRole", READER, rules=rules),
        f"{rbac}/clusterrolebindings/{READER}": _object(
            f"{RBAC}/v1", "ClusterRoleBinding", READER, roleRef=role, subjects=[autoscaler]
        ),
    }


def _object(version: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest}


def keda_probes(site: Site) -> dict[str, Probe]:
    """The autoscaler would get an answer."""
    return {
        OPERATOR: site.answers_plainly("/readyz", site.ports.keda_health),
        ADAPTER: site.answers(f"/apis/{METRICS}/v1beta1"),
    }
