"""A pool whose failed jobs are planted by the test; nobody works on its queues."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from laneway import Pool
from laneway.client.connection import CONNECTION_FILE, Connection
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import Failure, History
from laneway.schema.job.keys import Place
from laneway.schema.job.result import ErrorDetail, Result, ServedModel, Timing
from laneway.schema.pool.documents.pool_document import PoolDocument
from support.inputs import documents
from support.inputs.pool_files import CANARY
from support.local.pool import AWS

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from laneway.schema.job.result import Status

LANES = ("fast", "slow")
HIDDEN_SECONDS = 3600  # what was seen once is not seen again in the same test
MODEL = documents.MODEL.name
EMULATOR_KEY = "any"  # emulators take any credentials


@dataclass(frozen=True)
class Sent:
    """A message of a retry."""

    body: str
    history: History
    group_id: str | None


class Kept:
    """A pool of two lanes on an emulator, in a folder that commands may name."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.place = Place(bucket=f"failed-jobs-{uuid.uuid4().hex}", prefix="documents/")
        self.connection = Connection(
            place=self.place, endpoint=endpoint, region="us-east-1", access_key_id="a", secret_access_key=EMULATOR_KEY
        )
        self.folder = folder
        self.aws = AWS(self.connection)
        self.aws.s3.create_bucket(Bucket=self.place.bucket)
        self._queues = {name: self._new_queue(name) for name in LANES}
        self.publish(LANES)
        (folder / CONNECTION_FILE).write_text(self.connection.model_dump_json())

    def _new_queue(self, lane: str) -> str:
        return self.aws.sqs.create_queue(QueueName=f"{lane}-{uuid.uuid4().hex}")["QueueUrl"]

    def publish(self, lanes: tuple[str, ...]) -> None:
        """Write `pool.json` with some of the lanes."""
        document = PoolDocument(
            pool="nlp/documents",
            region="us-east-1",
            lanes=tuple(documents.lane(name, self._queues[name]) for name in lanes),
        )
        self.put(self.place.pool_document(), document.model_dump_json().encode())

    @property
    def pool(self) -> Pool:
        """A client that has just connected."""
        return Pool(str(self.folder))

    def put(self, key: str, body: bytes, lane: str | None = None) -> str:
        """Write an object and return its ETag."""
        metadata = {} if lane is None else {"lane": lane}
        return self.aws.s3.put_object(Bucket=self.place.bucket, Key=key, Body=body, Metadata=metadata)["ETag"]

    def has(self, key: str) -> bool:
        """Whether there is an object."""
        found = self.aws.s3.list_objects_v2(Bucket=self.place.bucket, Prefix=key).get("Contents", [])
        return key in [each["Key"] for each in found]

    def end(
        self,
        job_id: str,
        status: Status = "failed",
        code: ErrorCode = ErrorCode.TIMED_OUT,
        model: str = MODEL,
        request_hash: str | None = None,
    ) -> str:
        """Write a result, over the one that stands, and return its ETag."""
        now = datetime.now(UTC)
        error = None if status == "succeeded" else ErrorDetail.of(code, "it ran for longer than 60 s")
        timing = Timing(submitted_at=now, received_at=now, finished_at=now, queued_seconds=0, run_seconds=0)
        result = Result(
            id=job_id, status=status, model=ServedModel(name=model), timing=timing, error=error,
            pool="nlp/documents", lane="fast", request_hash=request_hash,
        )  # fmt: skip
        return self.put(self.place.result(job_id), result.to_json())

    def fail(
        self,
        job_id: str,
        code: ErrorCode = ErrorCode.TIMED_OUT,
        *,
        lane: str = "fast",
        ago: timedelta = timedelta(minutes=1),
        message: str = "it ran for longer than 60 s",
        **fields: Any,
    ) -> FailedJob:
        """Plant a job as the workers leave one that has failed for good."""
        at = datetime.now(UTC) - ago
        job = FailedJob(
            id=job_id,
            lane=lane,
            error=ErrorDetail.of(code, message),
            failures=(Failure(attempt=1, code=code, message=message, worker="w-1", at=at),),
            submitted_at=at - timedelta(minutes=5),
            failed_at=at,
            result_etag=self.end(job_id, code=code),
            **{"body": json.dumps({"id": job_id, "prompt": "Why?"}), **fields},
        )
        self.put(self.place.failed(job_id), job.to_json())
        return job

    def leave_unreadable(self, job_id: str) -> str:
        """Plant a failed job as newer workers may leave one; returns the key of its entry."""
        job = self.fail(job_id).model_dump(mode="json")
        entry = job | {"error": job["error"] | {"code": "of_tomorrow"}, "body": CANARY}
        self.put(self.place.failed(job_id), json.dumps(entry).encode())
        return self.place.failed(job_id)

    def take_at_most(self, size: int, lane: str = "fast") -> None:
        """Let a lane's queue refuse larger messages."""
        self.aws.sqs.set_queue_attributes(QueueUrl=self._queues[lane], Attributes={"MaximumMessageSize": str(size)})

    def remove_bucket(self) -> None:
        """Delete the bucket with all that is in it."""
        for each in self.aws.s3.list_objects_v2(Bucket=self.place.bucket).get("Contents", []):
            self.aws.s3.delete_object(Bucket=self.place.bucket, Key=each["Key"])
        self.aws.s3.delete_bucket(Bucket=self.place.bucket)

    def remove_queue(self, lane: str) -> None:
        """Delete a lane's queue."""
        self.aws.sqs.delete_queue(QueueUrl=self._queues[lane])

    def messages(self, lane: str = "fast") -> list[Sent]:
        """What waits in a lane's queue."""
        found: list[Sent] = []
        while batch := self._receive(lane):
            found += [_sent(message) for message in batch]
        return found

    def bodies(self, lane: str = "fast") -> list[str]:
        """The bodies of what waits in a lane's queue, at most ten, in the order of sending."""
        return [message["Body"] for message in self._receive(lane)]

    def _receive(self, lane: str) -> list[MessageTypeDef]:
        return self.aws.sqs.receive_message(
            QueueUrl=self._queues[lane],
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])


def _sent(message: MessageTypeDef) -> Sent:
    history = History.model_validate_json(message["MessageAttributes"]["laneway"]["StringValue"])
    return Sent(message["Body"], history, message["Attributes"].get("MessageGroupId"))
