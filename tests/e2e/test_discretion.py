"""What a pool keeps to itself."""

from __future__ import annotations

import base64
import json
import stat
import uuid
from typing import TYPE_CHECKING

import psutil

from support.canary import ANSWER, PROMPT
from support.inputs.pool_files import counting, short
from support.waiting import eventually

if TYPE_CHECKING:
    from support.local.pool import LocalPool

WAIT_SECONDS = 180.0


def test_everything_listens_on_loopback_only(shared: LocalPool) -> None:
    listening = [
        connection.laddr.ip
        for process in shared.processes()
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 1 + 3 + 3  # AWS, and for each lane an Ollama and a worker
    assert set(listening) == {"127.0.0.1"}


def test_neither_logs_nor_metrics_hold_text_of_prompts_and_answers(shared: LocalPool) -> None:
    """Jobs of every kind and end; the gate of all runs (support/canary.py) looks once more, at the end of this one."""
    secret = f"{PROMPT}{uuid.uuid4().hex}"
    chat = [{"role": "system", "content": secret}, {"role": "user", "content": secret}]
    schema = {"type": "object", "description": secret, "properties": {secret: {"enum": [secret]}}, "required": [secret]}
    jobs = [
        short(secret),
        counting(600, id=f"secret-{uuid.uuid4().hex}"),
        short(f"{secret} " * 9000),
        short(format={"type": secret}),
        short(format=schema, options={"num_predict": 100}),
        short(format={"pattern": f"({secret})*)"}),
        short(images=[base64.b64encode(secret.encode()).decode()], prompt=secret, raw=None),
        short(system=secret, raw=None),
        short(destination=secret),
        {"messages": chat, "options": {"num_predict": 4}},
        {"input": [secret, secret]},
    ]
    results = [shared.pool.wait(sent(shared, json.dumps(job)), timeout=WAIT_SECONDS) for job in jobs]
    shared.pool.wait(sent(shared, secret), timeout=WAIT_SECONDS)
    told = shared.logs() + shared.metrics()
    assert ANSWER in (results[1].text or "")
    assert secret in (results[4].text or "")
    assert secret not in told
    assert ANSWER not in told


def sent(shared: LocalPool, body: str) -> str:
    """Sent past the client, which would refuse some; returns the id of its result."""
    answer = shared.aws.sqs.send_message(QueueUrl=shared.pool.lane("slow").queue.url, MessageBody=body)
    return json.loads(body).get("id", answer["MessageId"]) if body.startswith("{") else answer["MessageId"]


def test_only_the_user_may_read_the_credentials_and_the_state(shared: LocalPool) -> None:
    assert stat.S_IMODE((shared.state / "connection.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((shared.state / "aws" / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.state.stat().st_mode) == 0o700


def test_the_metrics_count_results(shared: LocalPool) -> None:
    shared.pool.submit(**short()).result(timeout=WAIT_SECONDS)
    series = 'laneway_jobs_total{code="",lane="fast",pool="default/e2e",status="succeeded"}'
    eventually(lambda: series in shared.metrics())  # it is counted after the message is deleted
