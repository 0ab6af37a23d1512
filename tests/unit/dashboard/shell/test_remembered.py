from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.shell.remembered import MOST_ANSWERS, Remembered
from laneway_dashboard.testing.clock import ManualClock
from support.waiting import in_thread

AGE = timedelta(seconds=5)


class Source:
    """Counts, and may fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    def __call__(self) -> int:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.asked


def test_an_answer_serves_everybody_for_a_while() -> None:
    clock, source = ManualClock(), Source()
    remembered: Remembered[str, int] = Remembered(clock, AGE)
    assert [remembered.get("a", source) for _ in range(3)] == [1, 1, 1]
    assert remembered.get("b", source) == 2
    clock.sleep(5)
    assert remembered.get("a", source) == 3
    remembered.forget()
    assert remembered.get("a", source) == 4


def test_a_source_that_is_down_is_asked_once_in_a_while() -> None:
    clock, source = ManualClock(), Source()
    remembered: Remembered[str, int] = Remembered(clock, AGE)
    source.error = Unavailable("no database")
    for _ in range(3):
        with pytest.raises(Unavailable, match="no database"):
            remembered.get("a", source)
    assert source.asked == 1
    source.error = None
    clock.sleep(5)
    assert remembered.get("a", source) == 2


def test_what_is_refused_is_no_answer() -> None:
    source = Source()
    remembered: Remembered[str, int] = Remembered(ManualClock(), AGE)
    source.error = Refused("not so")
    for _ in range(2):
        with pytest.raises(Refused):
            remembered.get("a", source)
    assert source.asked == 2


def test_not_everything_is_remembered() -> None:
    source = Source()
    remembered: Remembered[int, int] = Remembered(ManualClock(), AGE)
    for key in range(MOST_ANSWERS + 1):
        remembered.get(key, source)
    assert len(remembered) == MOST_ANSWERS
    assert remembered.get(1, source) == 2
    assert remembered.get(0, source) == MOST_ANSWERS + 2


def test_an_answer_that_hangs_keeps_nobody_from_another_and_serves_who_waits_for_it() -> None:
    asking, goes_on, source = threading.Event(), threading.Event(), Source()
    remembered: Remembered[str, int] = Remembered(ManualClock(), AGE)

    def slow() -> int:
        asking.set()
        assert goes_on.wait(60)
        return source()

    first = in_thread(lambda: remembered.get("slow", slow))
    assert asking.wait(60)
    assert in_thread(lambda: remembered.get("other", lambda: 7)).result(60) == 7
    second = in_thread(lambda: remembered.get("slow", slow))
    goes_on.set()
    assert (first.result(60), second.result(60)) == (1, 1)


def test_what_hangs_for_longer_than_an_answer_is_good_is_asked_anew() -> None:
    asking, goes_on, clock = threading.Event(), threading.Event(), ManualClock()
    remembered: Remembered[str, int] = Remembered(clock, AGE)

    def slow() -> int:
        asking.set()
        assert goes_on.wait(60)
        return 1

    first = in_thread(lambda: remembered.get("a", slow))
    assert asking.wait(60)
    clock.sleep(5)
    assert in_thread(lambda: remembered.get("a", lambda: 2)).result(60) == 2
    goes_on.set()
    assert first.result(60) == 1
