"""The chart's alerts and dashboard on a real Prometheus that scrapes real workers, gateways, operator and KEDA.

Every alert is caused, fires, and ends once its cause has; of its times, each minute is a second.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from chart.rendering import MATRIX, Helm, of_kind, tool
from dashboard import dashboard
from support.cluster.cluster import REGION
from support.gateway.process import GatewayProcess, gateway_process
from support.ollama.stub import SILENCE, Reply, StubOllama, error, records, stub_ollama
from support.operator.fault_proxy import fault_proxy
from support.operator.working import POD, publish, rendered_worker
from support.prometheus import Prometheus, hastened, prometheus
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.operator.process import Operated, Place

SECONDS = 150.0  # KEDA looks every few seconds, and the longest of the alerts' times is a minute
MODEL, LANE = "stub:latest", "documents-default"
SPEC: dict[str, Any] = {"model": {"name": MODEL, "contextLength": 512}}
SAID = {"response": "Paris", "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1}
MONITORING = {
    **MATRIX["monitoring"],
    "prometheusRule": {
        **MATRIX["monitoring"]["prometheusRule"],
        "waitSeconds": 1,
        "oldestMessage": {"enabled": True, "seconds": 60},
    },
}
SLOW_SECONDS = 0.4
MINUTES = {
    "LanewayScalingFails": 4.0,
    "LanewayWorkWasted": 0.5,
    "LanewayLeasesLost": 0.5,
    "LanewayScalingLimited": 0.1,
}
"""Seconds that a minute of an alert takes, where not one: KEDA looks every 15 seconds, and an hour is long."""
STALLED_SECONDS = 300.0  # after 120 in which something was due
MANY = 100  # pools: four are worked on at once, and each call is given up after a while
OF_TROUBLE = {"Calls to AWS that failed", "Failures"}
CHOSEN = {"$__rate_interval": "60s", "$pool": ".*", "$lane": ".*"}
HELD = 5
CROWD = 10  # more than the four for which a lane has one worker
LONG_AGO = "2026-01-01T00:00:00Z"
THERE = {"LocationConstraint": REGION}
PLAIN = {"Content-Type": "text/plain; version=0.0.4"}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
KEY = f"lw-{'k' * 43}"
KEYS = json.dumps({"keys": [{"name": "team-a", "sha256": hashlib.sha256(KEY.encode()).hexdigest()}]})


class Engine:
    """What the workers' Ollama answers to prompts; a test may change it. It always loads its model."""

    def __init__(self, stub: StubOllama) -> None:
        self.url = stub.url
        self._stub = stub
        self.answers: Callable[[], Reply] = lambda: records(SAID)
        stub.on("/api/version", records({"version": "0.24.0"}))
        stub.on("/api/tags", records({"models": [{"name": MODEL, "digest": "a" * 64}]}))
        stub.on("/api/show", records({"capabilities": ["completion"]}))
        stub.answering("/api/generate", lambda asked: self.answers() if asked.body.get("prompt") else records(SAID))

    @contextmanager
    def doing(self, answers: Callable[[], Reply]) -> Iterator[None]:
        """And as before at the end."""
        before, self.answers = self.answers, answers
        try:
            yield
        finally:
            self.answers = before
            self._stub.release()  # a request that goes on without its client is an engine to be started anew


@dataclass(frozen=True)
class Scene:
    """Everything that is scraped, and who scrapes it."""

    place: Place
    prometheus: Prometheus
    engine: Engine
    folder: Path

    def fires(self, alert: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        def look() -> bool:
            meanwhile()
            return alert in self.prometheus.firing()

        eventually(look, SECONDS)

    def ends(self, alert: str) -> None:
        eventually(lambda: alert not in self.prometheus.firing(), SECONDS)

    def send(self, number: int = 1, pool: str = "documents", **fields: Any) -> None:
        for _ in range(number):
            body = json.dumps({"id": f"job-{next(_numbers)}", "prompt": "Capital of France?"} | fields)
            self._sqs.send_message(QueueUrl=self.queue_url(pool), MessageBody=body)

    def queue_url(self, pool: str = "documents") -> str:
        return str(self.place.get("llmworkerpool", pool)["status"]["lanes"][0]["queueURL"])

    def purge(self, pool: str = "documents") -> None:
        self._sqs.purge_queue(QueueUrl=self.queue_url(pool))

    @contextmanager
    def worker(self, pool: str = "documents") -> Iterator[None]:
        """A pod of the pool's lane, as Prometheus sees it."""
        job = f"worker-{pool}"
        with rendered_worker(self.place, self.folder, self.engine.url, pool) as address:
            self.prometheus.scrape(job, address, namespace=self.place.namespace, pod=f"{pool}-default-{POD}")
            try:
                yield
            finally:
                self.prometheus.leave(job)

    @property
    def _sqs(self) -> Any:
        return self.place.operated.sqs()


_numbers = count(1)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    rendered = Helm(tool("helm"), tmp_path_factory.mktemp("helm")).template(MONITORING)
    return hastened(of_kind(rendered, "PrometheusRule")["spec"], MINUTES)


@pytest.fixture(scope="module")
def scene(operated: Operated, rules: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One pool with one worker; its namespace is the tests' own."""
    folder = tmp_path_factory.mktemp("prometheus")
    site = operated.cluster.site
    assert site
    operator = operated.start()
    with prometheus(site.tools, folder, rules) as scraper, stub_ollama() as stub, ExitStack() as stack:
        made = Scene(operated.place(), scraper, Engine(stub), folder)
        scraper.scrape("keda", f"127.0.0.1:{site.ports.keda_prometheus}", namespace="keda")
        scraper.scrape("operator", operator.address.removeprefix("http://"), namespace="laneway-system")
        operated.s3().create_bucket(Bucket="acme-llm", CreateBucketConfiguration=THERE)
        made.place.apply(**SPEC)
        made.place.until("ScaledToZero")
        stack.enter_context(made.worker())
        yield made
    operated.clear()


def test_a_lane_that_wants_a_worker_and_has_none(scene: Scene) -> None:
    scene.place.apply("alone", **SPEC)
    scene.place.until("ScaledToZero", "alone")
    scene.send(pool="alone")
    scene.fires("LanewayNothingReady")
    with scene.worker("alone"):
        scene.ends("LanewayNothingReady")


def test_an_engine_that_answers_nothing(scene: Scene) -> None:
    with scene.engine.doing(lambda: error(500, "no")):
        scene.send()
        scene.fires("LanewayEngineBroken")
    scene.ends("LanewayEngineBroken")


def test_a_queue_that_keda_cannot_read(scene: Scene) -> None:
    sqs = scene.place.operated.sqs()
    made = {name: sqs.create_queue(QueueName=f"{scene.place.namespace}-{name}")["QueueUrl"] for name in ("own", "dead")}
    own = {"external": {"url": made["own"], "deadLetterURL": made["dead"]}}
    scene.place.apply("unread", **SPEC, lane={"queue": own})
    eventually(lambda: scene.place.get("scaledobject", "unread-default"), SECONDS)
    sqs.delete_queue(QueueUrl=made["own"])
    scene.fires("LanewayScalingFails")
    sqs.create_queue(QueueName=f"{scene.place.namespace}-own")
    scene.ends("LanewayScalingFails")


def test_jobs_that_wait_long(scene: Scene) -> None:
    def slowly() -> Reply:
        threading.Event().wait(SLOW_SECONDS)
        return records(SAID)

    with scene.engine.doing(slowly):
        scene.send(int(60 / SLOW_SECONDS))
        scene.fires("LanewayJobsWaitLong")
    scene.ends("LanewayJobsWaitLong")


def test_a_message_that_nobody_takes(scene: Scene) -> None:
    """The exporter of CloudWatch's metrics is none of ours, and there is no CloudWatch here: its page is made up."""
    age = ["61"]
    series = 'aws_sqs_approximate_age_of_oldest_message_maximum{{dimension_QueueName="laneway-documents"}} {}\n'
    with stub_ollama() as exporter:
        exporter.answering("/metrics", lambda _: Reply((series.format(age[0]).encode(),), headers=PLAIN))
        scene.prometheus.scrape("cloudwatch", exporter.url.removeprefix("http://"))
        scene.fires("LanewayOldestMessage")
        age[0] = "59"
        scene.ends("LanewayOldestMessage")
        scene.prometheus.leave("cloudwatch")


def test_jobs_that_fail(scene: Scene) -> None:
    scene.send(prompt="")  # its sender's mistake: nobody is called
    scene.fires("LanewayJobsFail", lambda: scene.send(format=CITY))  # the model's: no JSON
    scene.ends("LanewayJobsFail")


def test_jobs_that_miss_an_objective(scene: Scene) -> None:
    """The shortest of its times: in the longest, a minute after its cause is gone nothing has changed."""

    def burns() -> list[dict[str, Any]]:
        return scene.prometheus.ask('ALERTS{alertname="LanewayBudgetBurns", window="1h", alertstate="firing"}')

    def late() -> list[dict[str, Any]]:
        scene.send(expires_at=LONG_AGO)
        return burns()

    (found,) = eventually(late, SECONDS)
    assert found["metric"]["objective"] == "success"
    assert found["metric"]["lane"] == "default"
    eventually(lambda: not burns(), SECONDS)


def test_work_that_comes_to_nothing(scene: Scene) -> None:
    scene.fires("LanewayWorkWasted", lambda: scene.send(format=CITY))  # the engine says a word, and no JSON
    scene.ends("LanewayWorkWasted")


def test_messages_that_are_lost_while_they_are_worked_on(scene: Scene) -> None:
    with scene.engine.doing(lambda: SILENCE):
        scene.send()
        eventually(lambda: scene.prometheus.ask("laneway_leases > 0"), SECONDS)
        scene.purge()
        scene.fires("LanewayLeasesLost")
    scene.ends("LanewayLeasesLost")


def test_gateways_that_cannot_be_had(scene: Scene) -> None:
    scene.place.kubectl("create", "service", "clusterip", "doors-gateway", "--tcp=80")
    scene.place.apply("doors", **SPEC, gateway={"keys": {"secretName": "doors-keys"}})
    scene.fires("LanewayGatewayUnavailable")
    scene.place.kubectl("delete", "service", "doors-gateway")
    scene.ends("LanewayGatewayUnavailable")


@pytest.fixture(scope="module")
def gateway(scene: Scene) -> Iterator[GatewayProcess]:
    """With a keys file, before the pool of the one worker."""
    folder = scene.folder / "gateway"
    folder.mkdir()
    keys = folder / "keys.json"
    keys.write_text(KEYS)
    publish(scene.place, folder)
    variables = {"LANEWAY_GATEWAY_KEYS": str(keys), "LANEWAY_GATEWAY_MAX_HELD": str(HELD)}
    with gateway_process(folder, **variables) as process:
        process.wait_until_ready()
        scene.prometheus.scrape("gateway", f"127.0.0.1:{process.probes}")
        yield process
        scene.prometheus.leave("gateway")


def ask(gateway: GatewayProcess) -> socket.socket:
    """A prompt of whoever has the key; it goes on until it is answered, or the connection is closed."""
    said = json.dumps({"model": MODEL, "prompt": "Capital of France?"})
    head = (
        "POST /api/generate HTTP/1.1",
        "Host: gateway",
        f"Authorization: Bearer {KEY}",
        "Content-Type: application/json",
        f"Content-Length: {len(said)}",
    )
    host, port = gateway.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=SECONDS)
    connection.sendall("\r\n".join((*head, "", said)).encode())
    return connection


def test_gateways_that_hold_as_many_as_they_may(scene: Scene, gateway: GatewayProcess) -> None:
    with scene.engine.doing(lambda: SILENCE), ExitStack() as stack:
        for _ in range(HELD):
            stack.enter_context(ask(gateway))
        scene.fires("LanewayGatewayFull")
    scene.ends("LanewayGatewayFull")


@pytest.mark.usefixtures("gateway")
def test_keys_that_cannot_be_read(scene: Scene) -> None:
    keys = scene.folder / "gateway" / "keys.json"
    keys.write_text(KEYS[:-1])
    scene.fires("LanewayGatewayKeysBroken")
    keys.write_text(KEYS)
    scene.ends("LanewayGatewayKeysBroken")


def test_an_operator_that_has_gone(scene: Scene) -> None:
    operated = scene.place.operated
    operated.stop()
    scene.fires("LanewayOperatorAbsent")
    scene.prometheus.scrape("operator", operated.start().address.removeprefix("http://"), namespace="laneway-system")
    scene.ends("LanewayOperatorAbsent")


@pytest.mark.soak
def test_an_operator_whose_writes_are_never_answered(scene: Scene, tmp_path: Path) -> None:
    operated = scene.place.operated
    assert operated.cluster.site
    with fault_proxy(operated.cluster.site, tmp_path) as front:
        address = operated.start(kubeconfig=front.kubeconfig).address.removeprefix("http://")
        scene.prometheus.scrape("operator", address, namespace="laneway-system")
        eventually(lambda: scene.prometheus.ask("laneway_operator_leader == 1"), SECONDS)
        front.proxy.holds = lambda request: "watch=true" not in request.target and "/leases/" not in request.target
        for number in range(MANY):
            scene.place.apply(f"held-{number}", **SPEC)
        eventually(lambda: "LanewayOperatorStalled" in scene.prometheus.firing(), STALLED_SECONDS)
        front.proxy.holds = lambda _: False
        eventually(lambda: "LanewayOperatorStalled" not in scene.prometheus.firing(), STALLED_SECONDS)
        operated.stop()
    scene.prometheus.scrape("operator", operated.start().address.removeprefix("http://"), namespace="laneway-system")


@pytest.mark.soak
def test_a_lane_with_jobs_for_more_workers_than_it_may_have(scene: Scene) -> None:
    scene.place.apply("crowded", **SPEC)
    scene.place.until("ScaledToZero", "crowded")
    scene.send(CROWD, pool="crowded")
    told = scene.place.until("AtMaxReplicas", "crowded", "ScalingLimited", STALLED_SECONDS)
    assert told.startswith("True: as many workers are wanted as maxReplicas lets")
    scene.fires("LanewayScalingLimited")
    scene.purge("crowded")
    scene.ends("LanewayScalingLimited")


def panels() -> list[tuple[str, str]]:
    """Title and query of each of the dashboard's."""
    found = [each for each in json.loads(dashboard())["panels"] if each["title"] not in OF_TROUBLE]
    shown = [(each["title"], target["expr"]) for each in found for target in each.get("targets", ())]
    for variable, chosen in CHOSEN.items():
        shown = [(title, query.replace(variable, chosen)) for title, query in shown]
    return shown


def test_every_panel_shows_something_under_load(scene: Scene, gateway: GatewayProcess) -> None:
    """Those of trouble are other tests' business: they are empty as long as there is none."""
    scene.send(5, format=CITY)

    def empty() -> list[str]:
        scene.send()
        with ask(gateway) as asking:
            assert b" 200 " in asking.recv(64)
        return [title for title, query in panels() if not scene.prometheus.ask(query)]

    eventually(lambda: empty() == [], SECONDS)


def test_nothing_that_is_scraped_or_evaluated_fails(scene: Scene) -> None:
    eventually(lambda: scene.prometheus.ask("count(up == 1) == count(up)"), SECONDS)
    assert scene.prometheus.troubles() == []
