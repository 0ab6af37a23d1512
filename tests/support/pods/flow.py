"""Jobs that keep flowing into a lane while something happens to its workers, and what has become of every one."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from laneway.schema.job.result import Result
from support import canary
from support.inputs.pools import named, pool_with
from support.pods.installed import BUCKET
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

AHEAD = 6
"""Jobs that wait or run at any time."""
LOOK_SECONDS = 0.5
RESULT_SECONDS = 400.0  # Ollama shares two cores with all other suites: two tokens a second were seen


class Depth(NamedTuple):
    """Of a queue."""

    waiting: int
    running: int


class Flow:
    """Sends jobs to one lane, as a sender that knows nothing of Laneway's client does."""

    def __init__(self, installed: Installed, pool: str, lane: str, tokens: int, name: str) -> None:
        """`name` begins the ids."""
        self._installed, self._pool, self._tokens, self._name = installed, pool, tokens, name
        lanes = {each["name"]: each for each in installed.pool(pool)["status"]["lanes"]}
        self._queue, self._dead = (lanes[lane][key] for key in ("queueURL", "deadLetterQueueURL"))
        self._done = threading.Event()
        self.sent: list[str] = []
        self.depths: list[Depth] = []

    def run(self) -> None:
        """Until `stop`."""
        with self._installed.cluster.inside():
            sqs = self._installed.sqs()
            while not self._done.wait(LOOK_SECONDS):
                depth = self._depth(sqs, self._queue)
                self.depths.append(depth)
                for _ in range(AHEAD - sum(depth)):
                    self._send(sqs, self._tokens)

    def send(self, *tokens: int) -> None:
        """Jobs of these lengths, besides those that keep flowing."""
        with self._installed.cluster.inside():
            for each in tokens:
                self._send(self._installed.sqs(), each)

    def stop(self) -> None:
        """Send no more."""
        self._done.set()

    def until_busy(self, running: int) -> None:
        """Until so many jobs run and others wait."""
        eventually(lambda: self.depths and self.depths[-1].running >= running and self.depths[-1].waiting, 120)

    def results(self) -> list[Result]:
        """Those that are there."""
        with self._installed.cluster.inside():
            s3 = self._installed.s3()
            return [Result.model_validate_json(_body(s3, key)) for key in self._keys(s3, "results")]

    def count(self) -> int:
        """How many results are there."""
        with self._installed.cluster.inside():
            return len(self._keys(self._installed.s3(), "results"))

    def until_more(self, results: int) -> None:
        """Until there are so many more results than now."""
        wanted = self.count() + results
        eventually(lambda: self.count() >= wanted, RESULT_SECONDS)

    def all_answered(self) -> list[Result]:
        """Every job's only result, a success at the first attempt; nothing is left anywhere. Raises AssertionError."""
        self.stop()
        eventually(lambda: self.count() >= len(self.sent), RESULT_SECONDS)
        results = self.results()
        assert sorted(each.id for each in results) == sorted(self.sent)
        assert {each.status for each in results} == {"succeeded"}, [each for each in results if each.error]
        assert [each.failures for each in results if each.failures] == []
        with self._installed.cluster.inside():
            s3, sqs = self._installed.s3(), self._installed.sqs()
            assert self._keys(s3, "failed") == []
            assert set(self._versions(s3).values()) == {1}
            eventually(lambda: sum(self._depth(sqs, self._queue)) == 0)
            assert self._depth(sqs, self._dead) == Depth(0, 0)
        return results

    def _send(self, sqs: Any, tokens: int) -> None:
        job_id = f"{self._name}-{len(self.sent)}"
        prompt = f"{canary.PROMPT}. {', '.join(str(number) for number in range(1, 30))}"
        options = {"num_predict": tokens, "temperature": 0}
        body = json.dumps({"id": job_id, "prompt": prompt, "options": options, "raw": True})
        sqs.send_message(QueueUrl=self._queue, MessageBody=body)
        self.sent.append(job_id)

    @staticmethod
    def _depth(sqs: Any, queue: str) -> Depth:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return Depth(*(int(found[name]) for name in names))

    def _keys(self, s3: Any, kind: str) -> list[str]:
        return [each["Key"] for each in self._pages(s3, "list_objects_v2", "Contents", kind)]

    def _versions(self, s3: Any) -> Counter[str]:
        return Counter(each["Key"] for each in self._pages(s3, "list_object_versions", "Versions", "results"))

    def _pages(self, s3: Any, call: str, what: str, kind: str) -> list[dict[str, Any]]:
        pages = s3.get_paginator(call).paginate(Bucket=BUCKET, Prefix=f"{self._pool}/{kind}/{self._name}-")
        return [each for page in pages for each in page.get(what, [])]


def _body(s3: Any, key: str) -> bytes:
    return bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


@contextmanager
def versioned_pool(
    installed: Installed, name: str, model: dict[str, Any], lanes: list[dict[str, Any]]
) -> Iterator[Installed]:
    """A pool whose results keep their versions; yields once it tells of its lanes, and is deleted at the end."""
    keep_versions(installed)
    document = pool_with(model=model, results={"s3": {"bucket": BUCKET, "prefix": f"{name}/"}}, lanes=lanes)
    installed.cluster.apply(named(document, name, "default"))
    eventually(lambda: len(installed.pool(name).get("status", {}).get("lanes", [])) == len(lanes), RESULT_SECONDS)
    yield installed
    installed.cluster.kubectl("delete", "llmworkerpool", name)


def keep_versions(installed: Installed) -> None:
    """So that a result that was written twice shows."""
    with installed.cluster.inside():
        versions = {"Status": "Enabled"}
        installed.s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versions)


@contextmanager
def flowing(installed: Installed, pool: str, lane: str, tokens: int, name: str) -> Iterator[Flow]:
    """Until the end, or `all_answered`."""
    flow = Flow(installed, pool, lane, tokens, name)
    running = in_thread(flow.run)
    try:
        yield flow
    finally:
        flow.stop()
        running.result(timeout=30)
