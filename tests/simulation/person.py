"""A person who looks after failed jobs: retries some, drops some, sometimes twice, sometimes from an old page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import History
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from simulation.scenario import BUCKET, PREFIX

if TYPE_CHECKING:
    from simulation.world import World

LOOKS = 5
EVERY_SECONDS = 40.0
FORGED = 0.3


class Person:
    """Acts on the objects and the queue as the command line does, without faults of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.random

    def begin(self) -> None:
        """Plan some looks at what has failed."""
        for number in range(LOOKS):
            if self._random.random() < self._world.scenario.person:
                self._world.later(EVERY_SECONDS * (number + self._random.random()), self._look)

    def _look(self) -> None:
        world, random = self._world, self._random
        keys = sorted(
            key for bucket, key in world.s3.objects if bucket == BUCKET and key.startswith(f"{PREFIX}failed/")
        )
        for key in keys:
            body, etag = world.s3.objects[BUCKET, key]
            failed = FailedJob.model_validate_json(body)
            choice = random.random()
            if choice < 0.1:
                world.seen["person: dropped"] += 1
                world.later(random.random() * 5, self._drop, key, etag)
            elif choice < 0.6:
                for _ in range(random.choice((1, 1, 1, 2))):
                    world.later(random.random() * 10, self._retry, failed, key, etag)

        if random.random() < FORGED:
            self._forge()

    def _forge(self) -> None:
        """Name the ETag of any result, as whoever may send messages can."""
        world = self._world
        keys = sorted(
            key for bucket, key in world.s3.objects if bucket == BUCKET and key.startswith(f"{PREFIX}results/")
        )
        if not keys:
            return
        key = self._random.choice(keys)
        job = key.removeprefix(f"{PREFIX}results/").removesuffix(".json")
        world.seen["person: named any result"] += 1
        self._send(job, world.jobs[job].body, world.s3.objects[BUCKET, key][1], None)

    def _drop(self, key: str, etag: str) -> None:
        self._world.s3.delete("person", BUCKET, key, etag)

    def _retry(self, failed: FailedJob, key: str, etag: str) -> None:
        self._world.seen["person: retried"] += 1
        self._send(failed.id, failed.body, failed.result_etag, failed.group_id)
        self._world.later(self._random.random() * 3, self._drop, key, etag)

    def _send(self, job: str, body: str, replaces: str, group: str | None) -> None:
        history = History(id=job, submitted_at=self._world.now(), replaces=replaces)
        attribute: dict[str, Any] = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history.to_attribute()}}
        self._world.accept_again(job, body, attribute, group)
