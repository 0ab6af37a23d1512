"""boto3's clients as the adapters use them, over the fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway_worker.adapters.aws.clients import (
    HEARTBEAT_TIMEOUT_SECONDS,
    READ_SLACK_SECONDS,
    TIMEOUT_SECONDS,
    TRIES,
    Clients,
    Topics,
)
from simulation.fake_s3 import FakeS3, S3Client
from simulation.fake_sns import FakeSNS, SNSClient
from simulation.history import Acknowledging, Asked, Beat, BeatEnded, Got
from simulation.network import Network, Wire, refusal
from simulation.tables import EventsClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.fake_sqs import FakeSQS
    from simulation.network import Reply
    from simulation.scheduler import Process
    from simulation.tables import Tables

POLL_SECONDS = 20.0


class SQSClient:
    """One client of one process; a queue's URL is its name."""

    def __init__(self, queues: Mapping[str, FakeSQS], wire: Wire) -> None:
        self._queues = queues
        self._wire = wire
        self._history = wire.history
        self._who = wire.process.name

    def _note(self, what: object) -> int:
        return self._history.add(self._wire.now, self._who, what)

    def receive_message(self, **asked: Any) -> Any:
        name, most = asked["QueueUrl"], asked["MaxNumberOfMessages"]
        queue = self._queues[name]
        number = self._note(Asked(name, most))

        def effect(reply: Callable[[Reply], None]) -> None:
            queue.receive(self._wire.process, number, most, asked["VisibilityTimeout"], asked["WaitTimeSeconds"], reply)

        answer = self._wire.ask("ReceiveMessage", name, effect)
        if answer:
            self._note(Got(name, tuple(each["ReceiptHandle"] for each in answer["Messages"])))
        return answer

    def change_message_visibility_batch(self, **asked: Any) -> Any:
        queue, entries = self._queues[asked["QueueUrl"]], asked["Entries"]
        handles = tuple(entry["ReceiptHandle"] for entry in entries)
        began, lost = self._note(Beat(handles)), ()
        try:
            answer = self._wire.call(
                "ChangeMessageVisibilityBatch", " ".join(handles), lambda: _batch(queue, self._who, entries)
            )
            lost = tuple(handles[int(entry["Id"])] for entry in answer["Failed"])
        finally:
            if not self._wire.process.dead:
                self._note(BeatEnded(began, lost))
        return answer

    def change_message_visibility(self, **asked: Any) -> Any:
        handle = asked["ReceiptHandle"]
        self._note(Acknowledging("release", handle))
        queue = self._queues[asked["QueueUrl"]]

        def effect() -> Reply:
            code = queue.change(self._who, handle, asked["VisibilityTimeout"])
            return refusal(code, 400, "ChangeMessageVisibility") if code else {}

        return self._wire.call("ChangeMessageVisibility", handle, effect)

    def delete_message(self, **asked: Any) -> Any:
        handle = asked["ReceiptHandle"]
        self._note(Acknowledging("delete", handle))
        queue = self._queues[asked["QueueUrl"]]
        return self._wire.call("DeleteMessage", handle, lambda: queue.delete(self._who, handle))

    def send_message(self, **asked: Any) -> Any:
        queue = self._queues[asked["QueueUrl"]]
        trace = asked.get("MessageSystemAttributes", {}).get("AWSTraceHeader", {}).get("StringValue")
        return self._wire.call(
            "SendMessage",
            asked["QueueUrl"],
            lambda: queue.send(
                self._who,
                asked["MessageBody"],
                asked.get("MessageAttributes", {}),
                asked.get("DelaySeconds", 0),
                asked.get("MessageGroupId"),
                trace,
            ),
        )


def _batch(queue: FakeSQS, who: str, entries: list[dict[str, Any]]) -> Reply:
    answer: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
    for entry in entries:
        code = queue.change(who, entry["ReceiptHandle"], entry["VisibilityTimeout"])
        if code:
            answer["Failed"].append({"Id": entry["Id"], "Code": code, "SenderFault": True})
        else:
            answer["Successful"].append({"Id": entry["Id"]})
    return answer


def clients_of(
    network: Network, queues: Mapping[str, FakeSQS], s3: FakeS3, sns: FakeSNS, tables: Tables, process: Process
) -> Clients:
    """The clients of one process, with the worker's own time-outs and tries."""

    def sqs(read_timeout: float, tries: int) -> Any:  # the adapters are typed by boto3's whole clients
        return SQSClient(queues, Wire(network, process, "sqs", read_timeout, tries))

    store: Any = S3Client(s3, Wire(network, process, "s3", TIMEOUT_SECONDS, TRIES))
    sns_client: Any = SNSClient(sns, Wire(network, process, "sns", TIMEOUT_SECONDS, TRIES))
    events: Any = EventsClient(tables, Wire(network, process, "events", HEARTBEAT_TIMEOUT_SECONDS, 1))
    return Clients(
        poll=sqs(POLL_SECONDS + READ_SLACK_SECONDS, 1),
        heartbeat=sqs(HEARTBEAT_TIMEOUT_SECONDS, 1),
        acknowledge=sqs(TIMEOUT_SECONDS, TRIES),
        events=events,
        s3=store,
        topics=Topics(lambda _: sns_client, "eu-central-1"),
    )
