"""The charts on a real API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chart.rendering import CHART, CRD_CHART, NAMESPACE, RELEASE
from support.golden import PROXIED, TRUSTED
from support.operator.in_memory import GATED, TABLED
from support.toolchain.toolbox import PROMETHEUS, toolbox

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from support.cluster.cluster import Cluster

POOLS = "nlp"
GATEWAY_IMAGE, _, GATEWAY_TAG = GATED.gateways.image.rpartition(":") if GATED.gateways else ("", "", "")
PROJECTOR_IMAGE, _, PROJECTOR_TAG = TABLED.tables.image.rpartition(":") if TABLED.tables else ("", "", "")
SETTINGS = (
    "gateways.enabled=true",
    f"image.gateway.repository={GATEWAY_IMAGE}",
    "tables.enabled=true",
    f"image.projector.repository={PROJECTOR_IMAGE}",
    "dashboard.enabled=true",
    "dashboard.hosts={dashboard.acme.example}",
)
"""All that the operator may ever do is tried; without gateways and tables it may less: tests/chart/test_rights.py."""
TEXTS = (
    f"caBundle.configMapName={TRUSTED.config_map_name}",
    f"caBundle.key={TRUSTED.key}",
    f"image.gateway.tag={GATEWAY_TAG}",
    f"image.projector.tag={PROJECTOR_TAG}",
    *("poolEnv.{}={}".format(name, value.replace(",", r"\,")) for name, value in PROXIED.items()),
)


def install(api: Cluster) -> Cluster:
    """Both charts, by real Helm; --wait sees pods that run in name only."""
    for file in toolbox().files(PROMETHEUS, "crds"):
        if any(kind in file.name for kind in ("podmonitors", "prometheusrules", "servicemonitors")):
            api.apply(file.read_text())
    given = [f"--set={each}" for each in SETTINGS] + [f"--set-string={each}" for each in TEXTS]
    for release, chart, values in (("laneway-crds", CRD_CHART, ()), (RELEASE, CHART, given)):
        api.run(
            *("helm", "upgrade", "--install", release, chart, "-n", NAMESPACE, "--create-namespace", "--wait"),
            *values,
            "--take-ownership",  # of the CRD that another test may have installed
        )
    for namespace in (POOLS, "law"):
        api.kubectl("create", "namespace", namespace)
    return api


def dry_run(cluster: Cluster, text: str, *argv: str) -> CompletedProcess[str]:
    """What would be applied, by the server's word."""
    return cluster.run(
        *("kubectl", "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-", *argv),
        text=text,
        check=False,
    )
