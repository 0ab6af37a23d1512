from __future__ import annotations

import threading
import urllib.request
from typing import TYPE_CHECKING

import pytest

from laneway.probes import server_of
from laneway_worker.adapters.kubernetes import KubernetesPod
from laneway_worker.app import own_pod
from laneway_worker.report.http import Health

if TYPE_CHECKING:
    from support.worker.lane import MakeLane


def test_kubelet_names_the_api_server() -> None:
    pod = own_pod({"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"})
    assert isinstance(pod, KubernetesPod)


@pytest.mark.parametrize("environment", [{}, {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}])
def test_without_an_api_server_there_is_no_pod(environment: dict[str, str]) -> None:
    assert own_pod(environment) is None


def test_probes_are_answered_on_every_address(make_lane: MakeLane) -> None:
    lane = make_lane(health_address="0.0.0.0:0")
    worker = lane.worker
    pages = Health(worker.consumer.stalled, worker.engine, worker.families)
    with server_of(pages.page, lane.config.health_address) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/readyz", timeout=10) as answer:
            assert answer.read() == b"ok\n"
        server.shutdown()
