from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from laneway_worker.adapters.clock import SystemClock
from laneway_worker.testing.clock import ManualClock
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from laneway_worker.ports.clock import Clock, Condition

ENOUGH = 30.0  # of real time


def nothing(_: float) -> None:
    """Real time passes by itself."""


@dataclass(frozen=True)
class ClockBench:
    clock: Clock
    advance: Callable[[float], None]


@pytest.fixture(params=["manual", "system"])
def bench(request: pytest.FixtureRequest) -> ClockBench:
    if request.param == "system":
        return ClockBench(SystemClock(), nothing)
    manual = ManualClock()
    return ClockBench(manual, manual.advance)


def waiter(condition: Condition, predicate: Callable[[], bool], timeout: float | None) -> Future[bool]:
    """A thread that waits; when this returns, whoever takes the condition finds it waiting."""
    inside = threading.Event()

    def wait() -> bool:
        with condition:
            inside.set()
            return condition.wait_for(predicate, timeout)

    future = in_thread(wait)
    assert inside.wait(ENOUGH)
    return future


def test_now_has_a_zone(bench: ClockBench) -> None:
    assert bench.clock.now().utcoffset() == timedelta(0)


def test_both_times_run_alike(bench: ClockBench) -> None:
    now, monotonic = bench.clock.now(), bench.clock.monotonic()
    waiting = waiter(bench.clock.condition(), lambda: False, 0.2)
    bench.advance(0.2)
    waiting.result(ENOUGH)
    assert bench.clock.monotonic() - monotonic >= 0.2
    assert (bench.clock.now() - now).total_seconds() == pytest.approx(bench.clock.monotonic() - monotonic, abs=0.1)


def test_waiting_ends_with_the_timeout(bench: ClockBench) -> None:
    began = bench.clock.monotonic()
    waiting = waiter(bench.clock.condition(), lambda: False, 0.2)
    bench.advance(0.2)
    assert waiting.result(ENOUGH) is False
    assert bench.clock.monotonic() - began >= 0.2


def test_what_holds_already_is_not_waited_for(bench: ClockBench) -> None:
    condition = bench.clock.condition()
    with condition:
        assert condition.wait_for(lambda: True, None) is True


def test_a_timeout_of_nothing_only_looks(bench: ClockBench) -> None:
    condition = bench.clock.condition()
    with condition:
        assert condition.wait_for(lambda: False, 0) is False
        assert condition.wait_for(lambda: True, 0) is True


@pytest.mark.parametrize("timeout", [None, 3600])
def test_a_notice_ends_the_waiting(bench: ClockBench, timeout: float | None) -> None:
    condition = bench.clock.condition()
    come: list[bool] = []
    waiting = waiter(condition, lambda: bool(come), timeout)
    with condition:
        come.append(True)
        condition.notify_all()
    assert waiting.result(ENOUGH) is True


def test_a_notice_of_something_else_does_not_end_the_waiting(bench: ClockBench) -> None:
    condition = bench.clock.condition()
    come: list[bool] = []
    looked = threading.Semaphore(0)

    def look() -> bool:
        looked.release()
        return bool(come)

    waiting = waiter(condition, look, 3600)
    with condition:
        while looked.acquire(blocking=False):
            pass
        condition.notify_all()
    assert looked.acquire(timeout=ENOUGH)
    assert not waiting.done()
    with condition:
        come.append(True)
        condition.notify_all()
    assert waiting.result(ENOUGH) is True


def test_a_notice_wakes_everybody(bench: ClockBench) -> None:
    condition = bench.clock.condition()
    come: list[bool] = []
    waiting = [waiter(condition, lambda: bool(come), None) for _ in range(4)]
    with condition:
        come.append(True)
        condition.notify_all()
    assert [each.result(ENOUGH) for each in waiting] == [True] * 4


def test_a_condition_is_a_lock(bench: ClockBench) -> None:
    condition = bench.clock.condition()
    entered = threading.Event()

    def enter() -> None:
        with condition:
            entered.set()

    with condition:
        entering = in_thread(enter)
        assert not entered.wait(0.05)
    entering.result(ENOUGH)
    assert entered.is_set()


def test_an_error_inside_leaves_the_lock(bench: ClockBench) -> None:
    condition = bench.clock.condition()

    def fail() -> None:
        with condition:
            raise ValueError("inside")

    def enter() -> bool:
        with condition:
            return True

    with pytest.raises(ValueError, match="inside"):
        fail()
    assert in_thread(enter).result(ENOUGH)


def test_spawn_runs_in_a_thread_of_that_name(bench: ClockBench) -> None:
    ran: list[tuple[str, bool, bool]] = []

    def run() -> None:
        thread = threading.current_thread()
        ran.append((thread.name, thread.daemon, thread is threading.main_thread()))

    bench.clock.spawn("poller", run)
    assert eventually(lambda: ran) == [("poller", True, False)]


def test_spawn_does_not_wait(bench: ClockBench) -> None:
    release, ended = threading.Event(), threading.Event()

    def run() -> None:
        release.wait(ENOUGH)
        ended.set()

    bench.clock.spawn("slow", run)
    assert not ended.is_set()
    release.set()
    assert ended.wait(ENOUGH)


def test_manual_time_moves_only_by_advance() -> None:
    clock = ManualClock()
    began, noon = clock.monotonic(), clock.now()
    clock.advance(90)
    assert clock.monotonic() - began == 90
    assert clock.now() - noon == timedelta(seconds=90)


def test_a_manual_timeout_does_not_end_early() -> None:
    clock = ManualClock()
    waiting = waiter(clock.condition(), lambda: False, 10)
    clock.advance(9.5)
    assert not waiting.done()
    clock.advance(0.5)
    assert waiting.result(ENOUGH) is False


def test_a_manual_clock_keeps_what_threads_raise() -> None:
    clock = ManualClock()
    error = ValueError("a thread's")

    def fail() -> None:
        raise error

    clock.spawn("failing", fail)
    assert eventually(lambda: clock.errors) == [error]


def test_until_waits_for_other_threads() -> None:
    clock = ManualClock()
    condition = clock.condition()
    come: list[bool] = []

    def change() -> None:
        with condition:
            come.append(True)
            condition.notify_all()

    clock.spawn("changing", change)
    clock.until(lambda: bool(come))
    assert come == [True]
