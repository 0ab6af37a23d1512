"""Jobs of a known length for pools of stub engines, and what became of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from laneway.schema.job.keys import Place
from laneway.schema.job.result import Result
from support.images.contents.stub_engine import PACE_SECONDS
from support.inputs.pools import named, pool_with
from support.pods.installed import BUCKET, CHARTS, SYSTEM
from support.pods.leaving import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.pods.installed import Installed

MODEL = {"name": "stub:one", "contextLength": 8192}
MAX_TOKENS = 4000
HELM = ("helm", "upgrade", "laneway", CHARTS / "laneway", f"--namespace={SYSTEM}", "--reuse-values", "--wait")

_numbers = count(1)


@contextmanager
def stub_engines(installed: Installed) -> Iterator[Installed]:
    """The pools that are made in the meantime have stub engines."""
    image = "engines.ollama-0-32.image=laneway.local"
    installed.cluster.run(*HELM, "--set", f"{image}/stub-ollama:test")
    try:
        yield installed
    finally:
        installed.cluster.run(*HELM, "--set", f"{image}/ollama:test")


@contextmanager
def without_operator(installed: Installed) -> Iterator[None]:
    """As if all its nodes were gone."""
    where = f"--namespace={SYSTEM}"
    installed.cluster.kubectl("scale", "deployment/laneway", "--replicas=0", where)
    installed.cluster.kubectl("wait", "--for=delete", "pod", "--all", where, "--timeout=60s")
    try:
        yield
    finally:
        installed.cluster.kubectl("scale", "deployment/laneway", "--replicas=1", where)
        installed.cluster.kubectl("rollout", "status", "deployment/laneway", where, "--timeout=60s")


SOON = {"cooldownPeriod": 5}
"""Of a ScaledObject: less than a pool may ask for, whose queue may look empty and not be."""


def change_scaler(lane: StubLane, spec: dict[str, Any]) -> None:
    """Otherwise than a pool may have it; an operator that runs would mend it."""
    words = json.dumps({"spec": spec})
    lane.installed.cluster.kubectl("patch", "scaledobject", lane.deployment, "--type=merge", f"--patch={words}")


@contextmanager
def stub_pool(installed: Installed, name: str, *lanes: dict[str, Any]) -> Iterator[dict[str, StubLane]]:
    """A pool and its lanes by name, once it is ready; gone at the end."""
    whole = [{"drainTimeout": "5m", "limits": {"timeout": "10m", "maxTokens": MAX_TOKENS}} | each for each in lanes]
    results = {"s3": {"bucket": BUCKET, "prefix": f"{name}/"}}
    installed.cluster.apply(named(pool_with(model=MODEL, results=results, lanes=whole), name, "default"))
    try:
        installed.wait_for(name, "ScaledToZero")
        yield {each["name"]: StubLane(installed, name, each["name"]) for each in whole}
    finally:
        installed.cluster.kubectl("delete", "llmworkerpool", name)


@dataclass(frozen=True)
class Depth:
    """What a queue says of itself."""

    waiting: int
    running: int
    delayed: int


@dataclass(frozen=True, eq=False)
class StubLane:
    """A lane whose jobs last as long as they are told to."""

    installed: Installed
    pool: str
    name: str

    @property
    def deployment(self) -> str:
        """Its Deployment, and its ScaledObject."""
        return f"{self.pool}-{self.name}"

    def send(self, seconds: Sequence[float], *, delay: int = 0, prompt: str = "count") -> list[str]:
        """The ids of jobs that last so long, the first first."""
        sent = {f"{self.deployment}-{next(_numbers)}": each for each in seconds}
        with self.installed.cluster.inside():
            for job_id, each in sent.items():
                body = {"id": job_id, "prompt": prompt, "options": {"num_predict": max(1, round(each / PACE_SECONDS))}}
                self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(body), DelaySeconds=delay)
        return list(sent)

    def results(self, ids: Sequence[str]) -> dict[str, Result]:
        """Those that are there."""
        place, found = Place(bucket=BUCKET, prefix=f"{self.pool}/"), {}
        with self.installed.cluster.inside():
            folder = place.result("").removesuffix(".json")
            listed = self._s3.list_objects_v2(Bucket=BUCKET, Prefix=folder).get("Contents", [])
            for key in {each["Key"] for each in listed} & {place.result(each) for each in ids}:
                body = self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
                result = Result.model_validate_json(body)
                found[result.id] = result
        return found

    def depth(self) -> Depth:
        """Of its queue, now."""
        with self.installed.cluster.inside():
            found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])["Attributes"]
        names = ("", "NotVisible", "Delayed")
        return Depth(*(int(found[f"ApproximateNumberOfMessages{each}"]) for each in names))

    def pods(self) -> list[str]:
        """Its workers, those that leave too."""
        return sorted(Workers(self.installed.cluster, self.pool, self.name).names())

    def replicas(self) -> int:
        """Workers wanted."""
        return self.installed.replicas(self.deployment)

    @cached_property
    def _sqs(self) -> Any:
        return self.installed.sqs()

    @cached_property
    def _s3(self) -> Any:
        return self.installed.s3()

    @cached_property
    def _url(self) -> str:
        lanes = self.installed.pool(self.pool)["status"]["lanes"]
        return str(next(each["queueURL"] for each in lanes if each["name"] == self.name))
