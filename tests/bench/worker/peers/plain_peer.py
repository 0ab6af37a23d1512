"""Plain boto3: a thread per slot receives one message, stores its result and deletes it."""

from __future__ import annotations

import sys
import threading
import uuid

from bench.worker.peers.work import POLL_SECONDS, QUEUE_URL, SLOTS, VISIBILITY_SECONDS, client, work


def serve() -> None:
    """Until the process is ended."""
    sqs = client("sqs")
    while True:
        answer = sqs.receive_message(
            QueueUrl=QUEUE_URL, WaitTimeSeconds=POLL_SECONDS, VisibilityTimeout=VISIBILITY_SECONDS
        )
        for message in answer.get("Messages", []):
            work(message["Body"])
            sqs.delete_message(QueueUrl=QUEUE_URL, ReceiptHandle=message["ReceiptHandle"])


def send(count: int) -> None:
    """Ten a call."""
    for start in range(0, count, 10):
        entries = [{"Id": str(each), "MessageBody": uuid.uuid4().hex} for each in range(min(10, count - start))]
        client("sqs").send_message_batch(QueueUrl=QUEUE_URL, Entries=entries)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        send(int(sys.argv[1]))
    else:
        client("sqs"), client("s3")
        threads = [threading.Thread(target=serve) for _ in range(SLOTS)]
        for thread in threads:
            thread.start()
