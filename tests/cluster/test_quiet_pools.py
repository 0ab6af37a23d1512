"""Schedules and `suspend` on a real API server, with KEDA and the autoscaler; workers are there by name only."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.cluster.site import LOOPBACK
from support.inputs.bad_schedules import BEYOND_CEL
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.inputs.bad_pools import Bad
    from support.operator.process import Operated, Place

LANE = "documents-default"
VALUE = (
    "/apis/external.metrics.k8s.io/v1beta1/namespaces/{}/composite-metric?labelSelector=scaledobject.keda.sh/name={}"
)
SCALING = {"maxReplicas": 4, "jobsPerReplica": 1, "cooldown": "1m"}
SECONDS = 120.0  # KEDA looks every 5 seconds, the autoscaler every 15, and a minute is the least cooldown


@dataclass(frozen=True)
class Lane:
    """The only lane of a pool in a namespace of the test's own."""

    place: Place

    def apply(self, *schedules: dict[str, Any], suspend: bool = False) -> None:
        self.place.apply(lane={"scaling": SCALING, "schedules": list(schedules)}, suspend=suspend)

    def workers(self) -> int:
        return int(self.place.get("deployment", LANE).get("spec", {}).get("replicas", -1))

    def wanted(self) -> float:
        """The value of the formula, as the autoscaler gets it."""
        path = VALUE.format(self.place.namespace, LANE)
        done = self.place.operated.cluster.run("kubectl", "get", "--raw", path, check=False)
        found = json.loads(done.stdout or "{}").get("items", [])
        text = found[0]["value"] if found else "-1"
        return float(text.removesuffix("m")) / 1000 if text.endswith("m") else float(text)

    def send(self, number: int) -> None:
        for each in range(number):
            self._sqs.send_message(QueueUrl=self._url, MessageBody=str(each))

    def start(self, number: int) -> list[str]:
        """Jobs that run from now on, by the handles to finish them."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=number, VisibilityTimeout=3600)
        return [each["ReceiptHandle"] for each in found["Messages"]]

    def finish(self, handles: list[str]) -> None:
        for each in handles:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=each)

    @property
    def _sqs(self) -> Any:
        return self.place.operated.sqs()

    @property
    def _url(self) -> str:
        return str(self.place.get("llmworkerpool", "documents")["status"]["lanes"][0]["queueURL"])


@pytest.fixture
def lane(operated: Operated) -> Iterator[Lane]:
    yield Lane(operated.place())
    operated.clear()


def period(name: str, begins: int, ends: int, **effect: Any) -> dict[str, Any]:
    """A daily one, so many hours from now; the test ends long before it does."""
    start, end = (datetime.now(UTC) + timedelta(hours=hours) for hours in (begins, ends))
    times = {"start": f"{start:%-M %-H} * * *", "end": f"{end:%-M %-H} * * *"}
    return {"name": name, "timezone": "UTC", **times, **effect}


def test_a_floor_is_kept_within_its_schedule_and_only_there(lane: Lane) -> None:
    lane.apply(period("now", -1, 2, minReplicas=2), period("later", 3, 5, minReplicas=4))
    lane.place.until("Serving")
    eventually(lambda: lane.workers() == 2, SECONDS)
    assert lane.wanted() == 2
    lane.apply(period("later", 3, 5, minReplicas=4))
    eventually(lambda: lane.wanted() == 0, SECONDS)


def test_in_a_quiet_schedule_running_jobs_keep_their_workers_and_the_others_wait(lane: Lane) -> None:
    quiet = period("night", -1, 2, suspend=True)
    lane.apply(quiet, period("office", -1, 2, minReplicas=4))
    assert lane.place.until("Asleep").startswith("True: every lane is in a quiet schedule: jobs wait")
    assert lane.place.row()[1:3] == ["True", "Asleep"]
    lane.send(3)
    running = lane.start(2)
    eventually(lambda: lane.workers() == 2, SECONDS)
    assert lane.wanted() == 2
    lane.finish(running)
    eventually(lambda: lane.workers() == 0, SECONDS)
    assert lane.wanted() == 0
    lane.apply(period("night", 3, 5, suspend=True))
    eventually(lambda: lane.workers() == 1, SECONDS)
    assert lane.wanted() == 1


def test_a_suspended_pool_is_at_zero_at_once_and_its_jobs_wait_until_it_goes_on(lane: Lane) -> None:
    lane.apply()
    lane.place.until("ScaledToZero")
    lane.send(2)
    eventually(lambda: lane.workers() == 2, SECONDS)
    before = lane.place.get("deployment", LANE)["metadata"]["generation"]
    template = lane.place.get("deployment", LANE)["spec"]["template"]

    patched(lane, suspend=True)
    eventually(lambda: lane.workers() == 0, SECONDS)
    words = lane.place.until("Suspended")
    assert words.startswith("True: the pool is suspended")
    assert "Set `suspend` of the pool, or of its lanes, to false to go on." in lane.place.described()
    assert lane.place.row()[1:3] == ["True", "Suspended"]
    after = lane.place.get("deployment", LANE)
    assert after["spec"]["template"] == template, "nothing was rolled"
    assert after["metadata"]["generation"] == before + 1

    patched(lane, suspend=False)
    eventually(lambda: lane.workers() == 2, SECONDS)
    lane.place.until("Serving")


def test_keda_exports_what_the_alerts_of_the_chart_ask_for(lane: Lane) -> None:
    lane.apply()
    lane.place.until("ScaledToZero")
    lane.send(2)
    eventually(lambda: lane.workers() == 2, SECONDS)
    own = {"namespace": lane.place.namespace, "scaledObject": LANE}
    values = {name: keda_value(lane, "keda_scaler_metrics_value", own | {"scaler": name}) for name in TRIGGERS}
    assert values == {"composite-metric": 2, "total": 2, "waiting": 2}
    composite = own | {"metric": "composite-metric"}
    assert keda_value(lane, "keda_scaler_metrics_value", composite) == 2
    assert keda_value(lane, "keda_scaler_detail_errors_total", own | {"scaler": "total"}) == 0
    patched(lane, suspend=True)
    eventually(lambda: keda_value(lane, "keda_scaled_object_paused", own) == 1, SECONDS)


TRIGGERS = ("composite-metric", "total", "waiting")


def keda_value(lane: Lane, name: str, labels: dict[str, str]) -> float | None:
    """A series of KEDA's own, as Prometheus would read it."""
    cluster = lane.place.operated.cluster
    assert cluster.site
    with closing(http.client.HTTPConnection(LOOPBACK, cluster.site.ports.keda_prometheus, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    samples = (each for family in text_string_to_metric_families(text) for each in family.samples)
    found = (each.value for each in samples if each.name == name and labels.items() <= each.labels.items())
    return next(found, None)


def patched(lane: Lane, *, suspend: bool) -> None:
    """As the how-to has it."""
    patch = json.dumps({"spec": {"suspend": suspend}})
    lane.place.kubectl("patch", "lwp", "documents", "--type=merge", f"--patch={patch}")


@pytest.mark.parametrize("bad", BEYOND_CEL, ids=lambda bad: bad.name)
def test_what_the_api_server_cannot_tell_the_operator_does(lane: Lane, bad: Bad) -> None:
    lane.place.apply(lane=bad.document["spec"]["lanes"][0])
    words = lane.place.until("InvalidSpec", kind="SpecAccepted")
    assert words.startswith("False: ")
    assert bad.words in words
