"""What looking costs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from laneway_dashboard.seen.snapshot import FRESH, Seen
from laneway_dashboard.testing.clock import ManualClock
from laneway_dashboard.testing.worlds import NAME, busy
from support.waiting import eventually

if TYPE_CHECKING:
    from laneway_dashboard.ports.watching import PoolSeen

TABS = 20


def test_twenty_tabs_cost_one_look_in_five_seconds() -> None:
    clock = ManualClock()
    world = busy(clock)
    seen = Seen([world.ports], clock)
    with ThreadPoolExecutor(TABS) as tabs:
        list(tabs.map(lambda _: seen.look(), range(TABS)))
    assert world.watched.looks == 1
    clock.sleep(FRESH.total_seconds())
    with ThreadPoolExecutor(TABS) as tabs:
        list(tabs.map(lambda _: seen.look(), range(TABS)))
    assert world.watched.looks == 2


def test_nobody_looks_and_nothing_is_asked() -> None:
    clock = ManualClock()
    world = busy(clock)
    Seen([world.ports], clock)
    clock.sleep(3600)
    assert world.watched.looks == 0


def test_while_one_asks_the_others_are_given_what_was_there() -> None:
    clock = ManualClock()
    world = busy(clock)
    seen = Seen([world.ports], clock)
    first = seen.look()
    clock.sleep(FRESH.total_seconds())
    asked, go = threading.Event(), threading.Event()
    look = world.watched.look

    def slow() -> PoolSeen:
        asked.set()
        go.wait()
        return look()

    world.watched.look = slow  # type: ignore[method-assign] # because this is AWS that takes its time
    with ThreadPoolExecutor(1) as tab:
        other = tab.submit(seen.look)
        asked.wait()
        assert seen.look() is first
        go.set()
        assert eventually(other.result).at > first.at


def test_what_was_done_is_seen_at_once() -> None:
    clock = ManualClock()
    world = busy(clock)
    seen = Seen([world.ports], clock)
    seen.look()
    seen.forget()
    seen.look()
    assert world.watched.looks == 2


def test_depth_is_known_as_far_as_somebody_looked() -> None:
    clock = ManualClock()
    world = busy(clock)
    seen = Seen([world.ports], clock)
    begin = clock.now()
    for pause in (20, 20, 600, 20):
        seen.look()
        clock.sleep(pause)
    world.watched.seen = replace(world.watched.seen, lanes=(replace(world.watched.seen.lanes[0], queued=None),))
    seen.look()
    assert [each.value for each in seen.depths.of(NAME, "fast", begin)] == [4, 4, 4, None, 4, None]
    assert seen.depths.of(NAME, "none", begin) == ()
