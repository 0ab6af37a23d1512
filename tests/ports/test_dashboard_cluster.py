"""A dashboard in a cluster, before a real API server: which pools it finds, who may pause them, and how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.testclient import TestClient

from laneway.errors import PoolUnavailable
from laneway.schema.shared.names import PAUSED_LANES, PLURAL
from laneway_dashboard.adapters.cluster.api_server import MERGE, ApiServer
from laneway_dashboard.adapters.cluster.closed import Closed
from laneway_dashboard.adapters.cluster.found import AGAIN, FRESH, FoundPools
from laneway_dashboard.adapters.cluster.pausing import API
from laneway_dashboard.adapters.cluster.reviews import Reviews
from laneway_dashboard.app.application import Application
from laneway_dashboard.bulk.bulk import Bulk
from laneway_dashboard.desk import Desk, FailedOf
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.ports.visitors import Right
from laneway_dashboard.seen.snapshot import Seen
from laneway_dashboard.shell.bearers import Bearers
from laneway_dashboard.testing.clock import ManualClock
from laneway_dashboard.testing.fakes import MemoryActions
from laneway_dashboard.testing.worlds import busy
from support.dashboard.accounts import OWN, account_of, made_person, token_of
from support.inputs.pools import pool_with
from support.processes import closed_port
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from laneway_dashboard.adapters.cluster.pausing import ClusterPauses
    from laneway_dashboard.ports.pool import PoolPorts
    from support.cluster.cluster import Cluster

pytestmark = pytest.mark.xdist_group("dashboard-api")

HOST = "dashboard.acme.example"


@dataclass
class Bench:
    cluster: Cluster
    api: ApiServer
    clock: ManualClock
    holds: str = ""
    """The pool that each place's document names; empty: the one that is declared there."""
    trouble: str | None = None

    def open_pool(self, url: str, pauses: ClusterPauses) -> PoolPorts:
        if self.trouble is not None:
            raise PoolUnavailable(self.trouble)
        name = self.holds or f"ours/{url.rpartition('/')[2]}"
        world = busy(self.clock)
        world.watched.seen = replace(world.watched.seen, name=name)
        return replace(world.ports, name=name, url=url, pauses=pauses)

    def found(self, *namespaces: str) -> FoundPools:
        return FoundPools(self.api, namespaces, self.open_pool, self.clock)

    def declare(self, name: str, namespace: str = "ours", **spec: object) -> None:
        pool = pool_with(lane={"name": "fast"}, **spec)
        pool["metadata"] = {"name": name, "namespace": namespace}
        self.cluster.apply(pool, namespace=namespace)

    def annotations(self, name: str) -> dict[str, str]:
        return dict(self.cluster.get("llmworkerpools", name, "ours")["metadata"].get("annotations", {}))


@pytest.fixture
def bench(dashboard_api: Cluster, tmp_path: Path) -> Iterator[Bench]:
    server, folder = account_of(dashboard_api, *OWN, tmp_path)
    api = ApiServer(server, folder)
    yield Bench(dashboard_api, api, ManualClock())
    api.close()
    for namespace in ("ours", "theirs"):
        dashboard_api.kubectl("delete", "llmworkerpools", "--all", f"--namespace={namespace}")


def test_the_pools_that_it_may_list(bench: Bench) -> None:
    bench.declare("documents")
    bench.declare("letters", "theirs")
    found = bench.found("ours")
    assert list(found) == ["ours/documents"]
    bench.declare("invoices")
    assert list(found) == ["ours/documents"]
    bench.clock.sleep(FRESH.total_seconds())
    assert list(found) == ["ours/documents", "ours/invoices"]
    with pytest.raises(Unavailable, match="cannot list"):
        list(bench.found())


def test_a_pool_that_can_not_be_reached_says_why_and_is_tried_again(bench: Bench) -> None:
    bench.declare("documents")
    bench.trouble = "there is no pool.json yet"
    found = bench.found("ours")
    assert found["ours/documents"].watched.look().troubles == ("there is no pool.json yet",)
    with pytest.raises(Unavailable, match="there is no pool"):
        found["ours/documents"].failed.list()
    bench.trouble = None
    bench.clock.sleep(AGAIN.total_seconds())
    assert not isinstance(found["ours/documents"].watched, Closed)


def test_a_pool_that_names_the_place_of_another_is_not_shown(bench: Bench) -> None:
    bench.declare("documents")
    bench.holds = "theirs/letters"
    (seen,) = (each.watched.look() for each in bench.found("ours").values())
    assert "holds another pool's jobs" in seen.troubles[0]


def test_a_pause_is_an_annotation_and_an_event_says_who(bench: Bench) -> None:
    bench.declare("documents")
    found = bench.found("ours")
    pauses = found["ours/documents"].pauses
    assert pauses is not None
    pauses.pause("fast", "anna")
    assert bench.annotations("documents")[PAUSED_LANES] == "fast"
    listed = json.loads(bench.cluster.kubectl("get", "events", "--namespace=ours", "--output=json"))["items"]
    told = [(each["reason"], each["message"]) for each in listed if each["involvedObject"]["name"] == "documents"]
    assert ("LanePaused", "anna paused the lane fast") in told
    with pytest.raises(Unavailable, match="declares no lane slow"):
        pauses.pause("slow", "anna")
    pauses.resume("fast", "anna")
    assert PAUSED_LANES not in bench.annotations("documents")


def test_its_right_to_patch_pools_ends_at_that_annotation(bench: Bench) -> None:
    bench.declare("documents")
    path = f"{API}/namespaces/ours/{PLURAL}/documents"

    def refused() -> bool:
        try:
            bench.api.call("PATCH", path, {"spec": {"suspend": True}}, MERGE)
        except Unavailable as error:
            return "ValidatingAdmissionPolicy" in str(error)
        return False

    eventually(refused)  # a policy takes a moment until the API server knows it


def test_what_its_file_stops_is_not_resumed_here(bench: Bench) -> None:
    bench.declare("documents", suspend=True)
    pauses = bench.found("ours")["ours/documents"].pauses
    assert pauses is not None
    with pytest.raises(Unavailable, match="`suspend` of the pool"):
        pauses.resume("fast", "anna")


def test_people_of_the_cluster_do_what_they_may(bench: Bench) -> None:
    bench.declare("documents")
    found, reviews = bench.found("ours"), Reviews(bench.api)
    seen = Seen(found.values(), bench.clock, found.forget)
    bulk = Bulk(FailedOf(found), MemoryActions(), bench.clock, lambda work: work(), seen.forget)
    asgi = Application(Desk(found, seen, bulk), Bearers(reviews, reviews, bench.clock), bench.clock)
    client = TestClient(asgi.asgi(frozenset({HOST})), f"http://{HOST}", follow_redirects=False)
    for name, rights in {"viewer": [Right.LOOK], "operator": list(Right), "stranger": []}.items():
        made_person(bench.cluster, name, *rights)
    tokens = {name: token_of(bench.cluster, "ours", name) for name in ("viewer", "operator", "stranger")}

    def ask(name: str, method: str, path: str) -> int:
        token = tokens.get(name, tokens["operator"][:-6] + "AAAAAA")
        headers = {"authorization": f"Bearer {token}", "sec-fetch-site": "same-origin"}
        return client.request(method, f"/pools/ours/documents/{path}", headers=headers).status_code

    paths = (("GET", "failed"), ("GET", "jobs/invoice-89991/texts"), ("POST", "lanes/fast/pause"))
    asked = {name: [ask(name, *each) for each in paths] for name in ("viewer", "stranger", "forger")}
    assert asked == {"viewer": [200, 403, 403], "stranger": [404, 404, 404], "forger": [401, 401, 401]}
    assert PAUSED_LANES not in bench.annotations("documents")
    assert ask("operator", "POST", "lanes/fast/pause") == 303
    assert bench.annotations("documents")[PAUSED_LANES] == "fast"


def test_the_process_as_a_pod_has_it(bench: Bench, tmp_path: Path) -> None:
    bench.declare("documents")
    made_person(bench.cluster, "reader", Right.LOOK)
    token = token_of(bench.cluster, "ours", "reader")
    server, folder = account_of(bench.cluster, *OWN, tmp_path)
    with closed_port() as free:
        port = free
    given = {
        "MODE": "cluster", "PORT": str(port), "NAMESPACES": "ours", "STATE": str(tmp_path), "ACCOUNT": str(folder),
    }  # fmt: skip
    url = httpx.URL(server)
    environment = {f"LANEWAY_DASHBOARD_{name}": value for name, value in given.items()} | {
        "KUBERNETES_SERVICE_HOST": url.host,
        "KUBERNETES_SERVICE_PORT": str(url.port),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    with subprocess.Popen([sys.executable, "-m", "laneway_dashboard"], env={**os.environ, **environment}) as process:
        try:
            eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
            assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 401
            page = httpx.get(f"http://127.0.0.1:{port}/", headers={"authorization": f"Bearer {token}"}, timeout=60)
            assert (page.status_code, "ours/documents" in page.text) == (200, True)
        finally:
            process.terminate()
    assert process.returncode in {0, -15}


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False
