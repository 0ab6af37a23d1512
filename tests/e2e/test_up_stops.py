"""Ctrl-C at any moment: one line, nothing left running, and the next `up` goes on."""

from __future__ import annotations

import json
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from laneway.schema.job.result import Result
from support.inputs.pool_files import BUCKET, counting, one_lane_pool, short
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.local.pool import LocalPool

WAIT_SECONDS = 120.0
STAGES: dict[str, Callable[[LocalPool], bool]] = {
    "the state folder is taken": lambda pool: (pool.state / "lock").exists(),
    "AWS starts": lambda pool: "aws" in pool.children(),
    "Ollama starts": lambda pool: "ollama-only" in pool.children(),
    "the worker starts": lambda pool: "worker-only" in pool.children(),
    "the model is loaded": lambda pool: "worker-only" in pool.children() and len(pool.runners_of("only")) > 0,
    "the pool is ready": lambda pool: pool.serving,
}


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_while_it_starts_leaves_nothing_running(own_pool: Callable[..., LocalPool], stage: str) -> None:
    pool = own_pool(started=False)
    pool.start()
    eventually(lambda: pool.process.poll() is not None or STAGES[stage](pool))
    assert pool.stop() in (0, 130), pool.words
    assert "Traceback" not in pool.words
    assert pool.words.splitlines()[-1].startswith(("laneway: interrupted", "stopped"))
    assert pool.processes() == []
    assert not pool.serving


def test_what_runs_is_finished_and_what_waits_is_kept_for_the_next_up(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool()
    before = pool.pool.submit(**short()).result(timeout=WAIT_SECONDS)
    handles = [pool.pool.submit(**counting(200)) for _ in range(4)]
    eventually(lambda: pool.pool.figures()["only"].running == 1)
    assert pool.stop() == 0, pool.words
    assert pool.words.splitlines()[-1] == "stopped; nothing is left running"
    assert pool.processes() == []
    done = [each.id for each in handles if (pool.state / f"aws/s3/{BUCKET}/own/results/{each.id}.json").exists()]
    assert 1 <= len(done) < len(handles)
    pool.start()
    pool.wait_until_serving()
    assert pool.pool.find(before.id) == before
    assert [pool.pool.result(each.id, timeout=WAIT_SECONDS).status for each in handles] == ["succeeded"] * 4


def test_a_second_ctrl_c_gives_running_jobs_back(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool()
    handle = pool.pool.submit(**counting(600))
    eventually(lambda: pool.pool.figures()["only"].running == 1)
    pool.send(signal.SIGINT)
    eventually(lambda: "Ctrl-C again" in pool.words)
    assert pool.stop() == 0
    assert not (pool.state / f"aws/s3/{BUCKET}/own/results/{handle.id}.json").exists()
    pool.start()
    pool.wait_until_serving()
    result = pool.pool.result(handle.id, timeout=WAIT_SECONDS)
    assert result.failures == ()


def test_what_is_kept_is_plain_files(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool()
    result = pool.pool.submit(**short()).result(timeout=WAIT_SECONDS)
    assert pool.stop(signal.SIGTERM) == 0
    folder = pool.state / "aws" / "s3" / BUCKET / "own"
    assert Result.model_validate_json((folder / "results" / f"{result.id}.json").read_bytes()) == result
    assert json.loads((folder / "jobs" / f"{result.id}.json").read_text())["prompt"] == short()["prompt"]
    assert json.loads((folder / "pool.json").read_text())["pool"] == "default/own"


def test_a_killed_up_takes_its_children_along_and_the_next_one_goes_on(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool(one_lane_pool(drain_timeout="2s"))
    handles = [pool.pool.submit(**counting(200)) for _ in range(6)]
    earlier = handles[0].result(timeout=WAIT_SECONDS)
    saved = pool.state / "aws" / "s3" / BUCKET / "own" / "results" / f"{earlier.id}.json"
    eventually(saved.exists)
    pool.stop(signal.SIGKILL)
    began = time.monotonic()
    eventually(lambda: pool.processes() == [], 15)
    print(f"\nthe children of a killed up are gone after {time.monotonic() - began:.1f} s")  # noqa: T201 - for -s
    pool.start()
    pool.wait_until_serving()
    assert pool.pool.find(earlier.id) == earlier
    results = [pool.pool.result(each.id, timeout=WAIT_SECONDS) for each in handles]
    print(f"what it had in hand and in its queue is answered after {time.monotonic() - began:.1f} s")  # noqa: T201 - for -s
    assert [result.failures for result in results] == [()] * len(handles)


def ended(process: psutil.Process) -> bool:
    """Gone, or waiting to be collected by whoever inherited it."""
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def test_the_next_up_ends_what_a_killed_one_has_left(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool()
    left = psutil.Process(pool.pid_of("ollama-only"))
    left.suspend()  # it can't take the signal that its parent's death sends it
    pool.stop(signal.SIGKILL)
    pool.start()
    pool.wait_until_serving()
    assert "ended ollama-only, left by an earlier `laneway up`" in pool.words
    assert ended(left)


def test_a_killed_up_takes_busy_workers_along(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool(one_lane_pool(drain_timeout="5m"))
    handles = [pool.pool.submit(**counting(2)) for _ in range(40)]
    handles[0].result(timeout=180)
    pool.stop(signal.SIGKILL)
    eventually(lambda: pool.processes() == [], 15)
