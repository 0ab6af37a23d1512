"""What a pool keeps to itself."""

from __future__ import annotations

import stat
import uuid
from typing import TYPE_CHECKING

import psutil

from support.pool_files import counting, short

if TYPE_CHECKING:
    from support.local_pool import LocalPool

WAIT_SECONDS = 60.0


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
    secret = f"grebe{uuid.uuid4().hex}"
    jobs = [
        short(secret),
        counting(600, id=f"secret-{uuid.uuid4().hex}"),
        short(f"{secret} " * 9000),
        short(format={"type": secret}),
        short(images=["aGVsbG8="], prompt=secret, raw=None),
        {"messages": [{"role": "user", "content": secret}], "options": {"num_predict": 4}},
    ]
    results = [shared.pool.wait(shared.pool.submit(job, lane="slow").id, timeout=WAIT_SECONDS) for job in jobs]
    unreadable = shared.aws.sqs.send_message(QueueUrl=shared.pool.lane("slow").queue.url, MessageBody=secret)
    shared.pool.wait(unreadable["MessageId"], timeout=WAIT_SECONDS)
    told = shared.logs() + shared.metrics()
    assert "130, 131" in (results[1].text or "")
    assert secret not in told
    assert "130, 131" not in told


def test_only_the_user_may_read_the_credentials_and_the_state(shared: LocalPool) -> None:
    assert stat.S_IMODE((shared.state / "connection.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.state.stat().st_mode) == 0o700


def test_the_metrics_count_results(shared: LocalPool) -> None:
    shared.pool.submit(**short()).result(timeout=WAIT_SECONDS)
    assert 'laneway_jobs_total{code="",lane="fast",pool="default/e2e",status="succeeded"}' in shared.metrics()
