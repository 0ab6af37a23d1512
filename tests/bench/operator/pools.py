"""Pools on an API server, and an operator beside it."""

from __future__ import annotations

import copy
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import boto3
from kubernetes import client, config

from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS, MAX_RECEIVES
from laneway_operator.cluster.api_server import ApiServer
from laneway_operator.render import render
from support.aws.moto import aws_credentials
from support.cluster.cluster import REGION
from support.inputs.pools import named, pool_with
from support.operator.in_memory import EMULATED, pool_view
from support.operator.leading import ignored

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.cluster.cluster import Cluster
    from support.operator.process import Operated, Running

NAMESPACE = "bench"
LANES = ("fast", "slow")
POOLS_PATH = f"/apis/laneway.dev/v1alpha1/namespaces/{NAMESPACE}/llmworkerpools"
SCALERS_PATH = f"/apis/keda.sh/v1alpha1/namespaces/{NAMESPACE}/scaledobjects"
MERGE = "application/merge-patch+json"
THREADS = 8
LOOK_SECONDS = 0.002
LONG_SECONDS = 1800.0


@dataclass
class Bench:
    """What all measurements need."""

    operated: Operated
    running: Running
    api: ApiServer
    count: int
    queues: dict[str, dict[str, str]]

    @property
    def cluster(self) -> Cluster:
        return self.operated.cluster

    def pool(self, number: int) -> dict[str, Any]:
        """Of two lanes, whose queues all pools share: AWS is asked once and is no part of the figures."""
        name = f"pool-{number}"
        lanes = [{"name": lane, "queue": self.queues[lane]} for lane in LANES]
        results = {"s3": {"bucket": "acme-llm", "prefix": f"{name}/"}}
        return named(pool_with(lanes=lanes, results=results), name, NAMESPACE)

    def children(self, number: int) -> list[dict[str, Any]]:
        """What the operator makes of it."""
        settings = replace(EMULATED, pod_reports=True, network_policies=True)
        return render(pool_view(self.pool(number), settings, uid=str(UUID(int=number))))

    def create(self, number: int) -> None:
        self.api.call("POST", POOLS_PATH, body=self.pool(number))

    def create_all(self, first: int, end: int) -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(self.create, range(first, end)))

    def edit(self, number: int, workers: int) -> None:
        document = copy.deepcopy(self.pool(number))
        for lane in document["spec"]["lanes"]:
            lane["scaling"] = {"maxReplicas": workers}
        self.api.call("PATCH", f"{POOLS_PATH}/pool-{number}", {}, {"spec": document["spec"]}, MERGE)

    def disturb(self, number: int, workers: int) -> None:
        """Somebody changes a child."""
        path = f"{SCALERS_PATH}/pool-{number}-fast"
        self.api.call("PATCH", path, {"fieldManager": "somebody"}, {"spec": {"maxReplicaCount": workers}}, MERGE)

    def workers(self, number: int, lane: str = "slow") -> int | None:
        found = self.api.call("GET", f"{SCALERS_PATH}/pool-{number}-{lane}")
        return None if found is None else int(found["spec"]["maxReplicaCount"])

    def accepted(self, number: int) -> bool:
        """The pool's status says that everything is applied."""
        found = self.api.call("GET", f"{POOLS_PATH}/pool-{number}") or {}
        conditions = found.get("status", {}).get("conditions", [])
        return any(each["type"] == "SpecAccepted" and each["status"] == "True" for each in conditions)

    def figure(self, name: str, **labels: str) -> float:
        """The sum of a metric's series with these labels."""
        total = 0.0
        for series, value in re.findall(rf"^{name}(\{{.*\}})? (\S+)$", self.running.metrics(), re.MULTILINE):
            if all(f'{key}="{each}"' in series for key, each in labels.items()):
                total += float(value)
        return total

    def idle(self) -> bool:
        return self.figure("laneway_operator_queue_depth") == 0


def until(probe: Any, seconds: float = LONG_SECONDS, pause: float = LOOK_SECONDS) -> float:
    """How long it took to come true."""
    began = time.monotonic()
    while not probe():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(pause)
    return time.monotonic() - began


def quiet(bench: Bench) -> None:
    """Until the operator has ended no pass for two seconds."""
    last = (-1.0, 0.0)

    def still() -> bool:
        nonlocal last
        passes = bench.figure("laneway_operator_reconcile_seconds_count")
        if passes != last[0] or not bench.idle():
            last = (passes, time.monotonic())
        return time.monotonic() - last[1] > 2

    until(still, pause=0.2)


def make_queues(endpoint: str) -> dict[str, dict[str, Any]]:
    """Lane → a queue and its dead-letter queue, as they should be."""
    with aws_credentials():
        sqs = boto3.client("sqs", endpoint_url=endpoint, region_name=REGION)
        made = {lane: _queue(sqs, lane) for lane in LANES}
        sqs.close()
    return made


def _queue(sqs: Any, lane: str) -> dict[str, Any]:
    kept = {"MessageRetentionPeriod": str(LONGEST_RETENTION_SECONDS)}
    dead = sqs.create_queue(QueueName=f"{lane}-dead", Attributes=kept)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
    url = sqs.create_queue(QueueName=lane, Attributes=kept | {"RedrivePolicy": redrive})["QueueUrl"]
    return {"external": {"url": url, "deadLetterURL": dead}}


def bare_api(cluster: Cluster, counted: Callable[[str, str], None] = ignored) -> ApiServer:
    made: client.ApiClient = config.new_client_from_config(str(cluster.kubeconfig))  # type: ignore[no-untyped-call] # because it has no types
    return ApiServer(made, counted)
