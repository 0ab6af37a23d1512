"""The commands that make and mend queues of one's own, as pages and messages give them, run by AWS's command line."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.pool.queues.rules import FaultCode, QueueFault, Where, queue_faults
from laneway_operator.queues.sqs import SQSQueues
from support.aws.cli import command_in, run_line, run_script
from support.aws.moto import REGION

if TYPE_CHECKING:
    from support.aws.emulators import Aws

DAY = 24 * 3600
PAGE = Path(__file__).parents[2] / "docs" / "howto" / "own-queues.md"


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


def test_the_commands_of_the_page_make_queues_that_give_every_job_a_result(aws: Aws) -> None:
    (script, *_) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    url, dead = run_script(script, aws.endpoint).splitlines()[-1].split()
    where = Where(QueueURLs(url=url, dead_letter_url=dead), "eu-west-1", aws.endpoint)
    assert list(queue_faults(where, SQSQueues(aws.endpoint).look(where.urls, where.region), 3 * DAY)) == []
