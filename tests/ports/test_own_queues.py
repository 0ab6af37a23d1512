"""The commands that mend a queue of one's own, as messages give them, run by AWS's own command line."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from laneway.schema.lane_config import QueueURLs
from laneway.schema.queue_rules import FaultCode, QueueFault, Where, queue_faults
from laneway_operator.queues import SQSQueues
from support.aws_cli import command_in, run_line
from support.moto_server import REGION

if TYPE_CHECKING:
    from support.emulators import Aws

DAY = 24 * 3600


@pytest.fixture
def where(aws: Aws) -> Where:
    """Two queues that know nothing of each other, and forget after an hour."""
    name = f"own-{uuid.uuid4()}"
    url, dead = (
        aws.clients.acknowledge.create_queue(QueueName=each, Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
        for each in (name, f"{name}-dead")
    )
    return Where(QueueURLs(url=url, dead_letter_url=dead), REGION, aws.endpoint)


def test_each_command_mends_what_its_message_tells(where: Where) -> None:
    queues = SQSQueues(where.endpoint)

    def faults() -> list[QueueFault]:
        return list(queue_faults(where, queues.look(where.urls, where.region), DAY))

    seen: list[FaultCode] = []
    while found := faults():
        seen.append(found[0].code)
        run_line(command_in(found[0].message))
        assert len(faults()) == len(found) - 1
    assert seen == [FaultCode.REDRIVE_TOO_LOW, FaultCode.RETENTION_TOO_SHORT, FaultCode.RETENTION_TOO_SHORT]
