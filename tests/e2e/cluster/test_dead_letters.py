"""What killed its workers is answered while its lane stays at zero."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.pods.installed import ROOT
from support.pods.thread import POOL
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

HANDLER = "documents-dead-letters-of-all-lanes"
HANDLERS = "app.kubernetes.io/component=dead-letters"
SCALE_SECONDS = 240.0


@pytest.fixture(scope="module")
def pool(installed: Installed) -> Iterator[Installed]:
    installed.cluster.kubectl("apply", "--filename", ROOT / "examples" / "kind" / "pool.yaml")
    assert installed.wait_for("documents", "ScaledToZero")["status"] == "True"
    yield installed
    installed.cluster.kubectl("delete", "llmworkerpool", "documents")


def test_a_dead_letter_wakes_its_handler_and_no_lane(pool: Installed) -> None:
    lanes = {each["name"]: each for each in pool.pool("documents")["status"]["lanes"]}
    with pool.cluster.inside():
        body = json.dumps({"id": "dead-1", "prompt": "The capital of France is"})
        pool.sqs().send_message(QueueUrl=lanes["slow"]["deadLetterQueueURL"], MessageBody=body)

    done = pool.laneway("result", "dead-1", "--wait", "--json", "--timeout", "200", pool=POOL)

    assert '"poison"' in done.stdout, done.stdout + done.stderr + pool.operator_log()
    eventually(lambda: pool.replicas(HANDLER) == 0, SCALE_SECONDS)
    eventually(lambda: not pool.cluster.pods(HANDLERS), SCALE_SECONDS)
    assert pool.replicas("documents-slow") == 0
