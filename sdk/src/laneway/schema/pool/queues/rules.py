"""What a queue of one's own must be like, so that every job has a result; and the command that makes it so. Pure.

The operator asks it of what its identity may read, the preflight of what the pool's may.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from laneway.schema.pool.queues.queue import MAX_RECEIVES, QueueURLs, retention_for
from laneway.schema.shared.base import Frozen, duration_text

ASKED = ("QueueArn", "MessageRetentionPeriod", "RedrivePolicy")
"""The attributes that tell."""


class QueueSettings(Frozen):
    """A queue as SQS says it is."""

    arn: str
    """Its ARN."""
    retention_seconds: int
    """How long it keeps a message."""
    redrive_to: str | None = None
    """The ARN of the queue to which it moves what was received too often."""
    max_receives: int | None = None
    """How often it may be received."""


class OwnQueue(Frozen):
    """A lane's queue and its dead-letter queue."""

    queue: QueueSettings
    """The queue."""
    dead: QueueSettings
    """Its dead-letter queue."""


class Where(NamedTuple):
    """Where the queues of a lane are, as a command line needs it."""

    urls: QueueURLs
    region: str
    endpoint: str | None = None


class FaultCode(StrEnum):
    """What is wrong with a queue."""

    REDRIVE_TOO_LOW = "redrive_too_low"
    RETENTION_TOO_SHORT = "retention_too_short"


class QueueFault(Frozen):
    """One thing that is wrong, with its numbers, and the command that mends it."""

    code: FaultCode
    """What."""
    message: str
    """In words."""


def queue_settings(attributes: Mapping[str, str]) -> QueueSettings:
    """From the answer of GetQueueAttributes, which holds text; a policy that can't be read is none."""
    policy = _policy(attributes.get("RedrivePolicy", ""))
    return QueueSettings(
        arn=attributes.get("QueueArn", ""),
        retention_seconds=int(attributes.get("MessageRetentionPeriod", "0")),
        redrive_to=policy.get("deadLetterTargetArn"),
        max_receives=int(policy["maxReceiveCount"]) if policy.get("maxReceiveCount", "").isdecimal() else None,
    )


def _policy(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def queue_faults(where: Where, own: OwnQueue, expires_after: int) -> Iterator[QueueFault]:
    """What keeps a lane whose jobs live for `expires_after` seconds from giving each a result."""
    redrive = _redrive_fault(where, own)
    if redrive is not None:
        policy = json.dumps({"deadLetterTargetArn": own.dead.arn, "maxReceiveCount": str(MAX_RECEIVES)})
        command = _command(where, where.urls.url, json.dumps({"RedrivePolicy": policy}))
        yield QueueFault(code=FaultCode.REDRIVE_TOO_LOW, message=f"{redrive}; mend it: {command}")
    needed = retention_for(expires_after)
    for url, kept in ((where.urls.url, own.queue), (where.urls.dead_letter_url, own.dead)):
        if kept.retention_seconds < needed:
            words = (
                f"{url} keeps messages for {duration_text(kept.retention_seconds)}, and jobs live for "
                f"{duration_text(expires_after)}: those that are left a day after have no result"
            )
            command = _command(where, url, f"MessageRetentionPeriod={needed}")
            yield QueueFault(code=FaultCode.RETENTION_TOO_SHORT, message=f"{words}; mend it: {command}")


def _redrive_fault(where: Where, own: OwnQueue) -> str | None:
    url, queue = where.urls.url, own.queue
    if queue.redrive_to is None or queue.max_receives is None:
        return f"{url} has no redrive policy: a job that kills its workers would come back for ever, without a result"
    if queue.redrive_to != own.dead.arn:
        return (
            f"{url} moves dead letters to {queue.redrive_to}, and not to queue.external.deadLetterURL: nobody would "
            "answer them"
        )
    if queue.max_receives < MAX_RECEIVES:
        return (
            f"maxReceiveCount of {url} is {queue.max_receives}, less than {MAX_RECEIVES}: interruptions count too, "
            "and would end jobs that did nothing wrong"
        )
    return None


def _command(where: Where, url: str, attributes: str) -> str:
    """A line for a shell; the URL is somebody's text."""
    words = ["aws", "sqs", "set-queue-attributes", "--region", where.region]
    words += ["--endpoint-url", where.endpoint] if where.endpoint else []
    return shlex.join([*words, "--queue-url", url, "--attributes", attributes])
