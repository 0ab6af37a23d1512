"""SIGKILL under a running job: it is answered once, and nobody is blamed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil

from support.inputs.pool_files import BUCKET, counting, short
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.local.pool import LocalPool

WAIT_SECONDS = 120.0


def running(pool: LocalPool) -> bool:
    return pool.pool.figures()["only"].running == 1


def figure(what: str, seconds: float) -> None:
    print(f"\n{what}: {seconds:.1f} s")  # noqa: T201 - shown by pytest -s


def test_a_killed_worker_is_replaced_and_its_job_is_answered_once(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool()
    killed = pool.pid_of("worker-only")
    handle = pool.pool.submit(**counting(300))
    eventually(lambda: running(pool))
    psutil.Process(killed).kill()
    began = time.monotonic()
    other = pool.pool.submit(**short()).result(timeout=WAIT_SECONDS)
    figure("a job sent after the worker's SIGKILL is answered after", time.monotonic() - began)
    result = handle.result(timeout=WAIT_SECONDS)
    figure("the job of the killed worker is answered after", time.monotonic() - began)
    assert pool.pid_of("worker-only") != killed
    assert other.status == "succeeded"
    assert result.failures == ()
    assert "worker-only ended with SIGKILL, restarting" in pool.words
    listed = pool.aws.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"own/results/{handle.id}")
    assert len(listed["Contents"]) == 1
    eventually(lambda: sum(vars(pool.pool.figures()["only"]).values()) == 0)


def test_a_killed_runner_of_ollama_costs_the_job_no_attempt(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool()
    handle = pool.pool.submit(**counting(300))
    eventually(lambda: running(pool))
    for runner in pool.runners_of("only"):
        runner.kill()
    began = time.monotonic()
    result = handle.result(timeout=WAIT_SECONDS)
    figure("the job of the killed runner is answered after", time.monotonic() - began)
    assert result.failures == ()
    assert result.usage is not None
    assert result.usage.completion_tokens == 300
