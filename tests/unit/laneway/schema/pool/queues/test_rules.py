from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace

import pytest

from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.pool.queues.rules import FaultCode, OwnQueue, QueueFault, Where, queue_faults, queue_settings

DAY = 24 * 3600
URL, DEAD_URL = "https://sqs.eu-west-1.amazonaws.com/1/claims", "https://sqs.eu-west-1.amazonaws.com/1/claims-dead"
ARN, DEAD = "arn:aws:sqs:eu-west-1:1:claims", "arn:aws:sqs:eu-west-1:1:claims-dead"
WHERE = Where(QueueURLs(url=URL, dead_letter_url=DEAD_URL), "eu-west-1")


@dataclass(frozen=True)
class Queues:
    """As their owner made them."""

    retention: int = 2 * DAY
    dead_retention: int = 14 * DAY
    redrive: str | None = json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": 20})

    def faults(self, expires_after: int = DAY, where: Where = WHERE) -> list[QueueFault]:
        policy = {} if self.redrive is None else {"RedrivePolicy": self.redrive}
        queue = queue_settings({"QueueArn": ARN, "MessageRetentionPeriod": str(self.retention)} | policy)
        dead = queue_settings({"QueueArn": DEAD, "MessageRetentionPeriod": str(self.dead_retention)})
        return list(queue_faults(where, OwnQueue(queue=queue, dead=dead), expires_after))


GOOD = Queues()


def redrive(to: str, most: object) -> Queues:
    return Queues(redrive=json.dumps({"deadLetterTargetArn": to, "maxReceiveCount": most}))


@pytest.mark.parametrize("queues", [GOOD, redrive(DEAD, "20"), redrive(DEAD, 1000), replace(GOOD, retention=14 * DAY)])
def test_queues_that_give_every_job_a_result_have_no_fault(queues: Queues) -> None:
    assert queues.faults() == []


@pytest.mark.parametrize(
    ("queues", "words"),
    [
        (redrive(DEAD, 19), f"maxReceiveCount of {URL} is 19, less than 20: interruptions count too"),
        (redrive(DEAD, "3"), f"maxReceiveCount of {URL} is 3, less than 20: interruptions count too"),
        (redrive(f"{DEAD}-2", 20), f"{URL} moves dead letters to {DEAD}-2, and not to queue.external.deadLetterURL"),
        (replace(GOOD, redrive=None), f"{URL} has no redrive policy"),
        (replace(GOOD, redrive=""), f"{URL} has no redrive policy"),
        (replace(GOOD, redrive="no JSON"), f"{URL} has no redrive policy"),
        (replace(GOOD, redrive="[20]"), f"{URL} has no redrive policy"),
        (redrive(DEAD, "many"), f"{URL} has no redrive policy"),
    ],
)
def test_a_redrive_policy_that_loses_jobs_is_told_with_the_command_that_mends_it(queues: Queues, words: str) -> None:
    (fault,) = queues.faults()
    assert fault.code is FaultCode.REDRIVE_TOO_LOW
    assert fault.message.startswith(words)
    argv = shlex.split(fault.message.partition("mend it: ")[2])
    assert argv[:-1] == [
        *("aws", "sqs", "set-queue-attributes", "--region", "eu-west-1", "--queue-url", URL, "--attributes")
    ]
    policy = json.loads(json.loads(argv[-1])["RedrivePolicy"])
    assert policy == {"deadLetterTargetArn": DEAD, "maxReceiveCount": "20"}


@pytest.mark.parametrize(
    ("queues", "expires_after", "url", "kept"),
    [
        (replace(GOOD, retention=2 * DAY - 1), DAY, URL, "47h59m59s"),
        (replace(GOOD, retention=4 * DAY), 13 * DAY, URL, "96h"),
        (replace(GOOD, dead_retention=DAY), DAY, DEAD_URL, "24h"),
    ],
)
def test_a_queue_that_forgets_its_jobs_is_told_with_the_command_that_mends_it(
    queues: Queues, expires_after: int, url: str, kept: str
) -> None:
    (fault,) = queues.faults(expires_after)
    assert fault.code is FaultCode.RETENTION_TOO_SHORT
    assert fault.message.startswith(f"{url} keeps messages for {kept}, and jobs live for {expires_after // 3600}h: ")
    assert fault.message.endswith(f"--queue-url {url} --attributes MessageRetentionPeriod={expires_after + DAY}")


def test_jobs_that_live_longest_need_what_sqs_can_keep() -> None:
    assert replace(GOOD, retention=14 * DAY).faults(13 * DAY) == []


def test_the_redrive_policy_is_told_before_the_retention() -> None:
    codes = [each.code for each in Queues(DAY, DAY, None).faults()]
    assert codes == [FaultCode.REDRIVE_TOO_LOW, FaultCode.RETENTION_TOO_SHORT, FaultCode.RETENTION_TOO_SHORT]


def test_a_command_for_an_emulator_names_it() -> None:
    where = WHERE._replace(endpoint="http://127.0.0.1:4566")
    (fault,) = replace(GOOD, retention=60).faults(where=where)
    assert "--region eu-west-1 --endpoint-url http://127.0.0.1:4566 --queue-url" in fault.message


def test_a_url_that_is_a_trap_for_a_shell_stays_one_word() -> None:
    url = "https://sqs/1/a;$(reboot)'`x`"
    where = WHERE._replace(urls=QueueURLs(url=url, dead_letter_url=DEAD_URL))
    (fault,) = replace(GOOD, retention=60).faults(where=where)
    argv = shlex.split(fault.message.partition("mend it: ")[2])
    assert argv[argv.index("--queue-url") + 1] == url
