"""What a real API server makes of quantities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway.schema.pool.pods.quantity import canonical
from support.inputs.quantities import CANONICAL

if TYPE_CHECKING:
    from support.cluster.cluster import Cluster

LABELS = {"app": "quantities"}


def stored(api: Cluster, texts: list[str]) -> list[str]:
    containers = [
        {"name": f"c{number}", "image": "none", "resources": {"requests": {"memory": text}}}
        for number, text in enumerate(texts)
    ]
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "quantities", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": {"containers": containers}},
        },
    }
    argv = ("kubectl", "apply", "--server-side", "--dry-run=server", "--output=json", "--filename=-")
    found = json.loads(api.run(*argv, text=json.dumps(deployment)).stdout)["spec"]["template"]["spec"]["containers"]
    return [each["resources"]["requests"]["memory"] for each in found]


def test_the_api_server_leaves_our_form_as_it_is(api: Cluster) -> None:
    ours = [written for _, written in CANONICAL]
    assert dict(zip(ours, stored(api, ours), strict=True)) == {each: each for each in ours}


def test_the_api_server_rewrites_other_forms_and_takes_them_for_as_much(api: Cluster) -> None:
    found = {
        text: kept for (text, _), kept in zip(CANONICAL, stored(api, [text for text, _ in CANONICAL]), strict=True)
    }
    assert {text: canonical(kept) for text, kept in found.items()} == dict(CANONICAL)
    assert found["0.5"] == "500m"
    assert found["1024Mi"] == "1Gi"
    assert found["2.125"] == "2.125", "some are kept as they are, so that no rule about forms would do"
