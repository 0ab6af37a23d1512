from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from laneway_operator.reconcile.workqueue import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, REST_SECONDS, WorkQueue


def test_nothing_is_due_in_an_empty_queue() -> None:
    queue = WorkQueue[str]()
    assert (queue.take(100), queue.next_due(), queue.oldest_running(100)) == (None, None, 0)


def test_the_key_that_is_due_first_comes_first() -> None:
    queue = WorkQueue[str]()
    queue.add("late", 2)
    queue.add("early", 1)
    assert [queue.take(5), queue.take(5), queue.take(5)] == ["early", "late", None]


def test_a_key_is_not_worked_on_before_it_is_due() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 10)
    assert (queue.take(9.9), queue.next_due(), queue.take(10)) == (None, 10, "a")


def test_a_key_that_was_added_ten_times_is_worked_on_once() -> None:
    queue = WorkQueue[str]()
    for second in range(10):
        queue.add("a", second)
    assert (queue.take(20), queue.take(20)) == ("a", None)
    queue.done("a", 20, None)
    assert queue.take(100) is None


def test_the_earliest_wish_holds() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 10)
    queue.add("a", 5)
    queue.add("a", 50)
    assert (queue.take(4), queue.take(5)) == (None, "a")


def test_a_key_that_was_added_while_it_was_worked_on_is_worked_on_again_after() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    queue.take(0)
    queue.add("a", 1)
    assert queue.take(2) is None
    queue.done("a", 3, 600)
    assert (queue.take(3), queue.take(3 + REST_SECONDS)) == (None, "a")


def test_what_a_pass_wrote_comes_back_as_events_and_is_looked_at_once() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    queue.take(0)
    queue.add("a", 0.1)
    queue.done("a", 0.2, 600)
    for moment in (0.3, 0.4, 0.5):
        queue.add("a", moment)
        assert queue.take(moment) is None
    assert queue.take(0.2 + REST_SECONDS) == "a"
    queue.done("a", 2, 600)
    assert queue.take(600) is None


def test_a_key_that_has_rested_is_worked_on_at_once() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    queue.take(0)
    queue.done("a", 0, 600)
    queue.add("a", 10)
    assert queue.take(10) == "a"


def test_a_key_that_is_done_comes_back_when_it_was_asked_to() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    queue.take(0)
    queue.done("a", 3, 600)
    assert (queue.take(602), queue.take(603)) == (None, "a")


def test_the_pause_after_a_failure_doubles_and_is_bounded() -> None:
    queue, now, pauses = WorkQueue[str](), 0.0, []
    queue.add("a", now)
    for _ in range(40):
        assert queue.take(now) == "a"
        queue.failed("a", now)
        due = queue.next_due()
        assert due is not None
        pauses.append(due - now)
        now = due
    assert pauses[:4] == [FIRST_RETRY_SECONDS * 2**number for number in range(4)]
    assert max(pauses) == pauses[-1] == LONGEST_RETRY_SECONDS


def test_success_makes_the_next_pause_short_again() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    for now in (0, 100, 200):
        queue.take(now)
        queue.failed("a", now)
    queue.take(300)
    queue.done("a", 300, 1)
    queue.take(301)
    queue.failed("a", 301)
    assert queue.next_due() == 301 + FIRST_RETRY_SECONDS


def test_a_server_that_asks_for_a_longer_pause_gets_it() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    queue.take(0)
    queue.failed("a", 0, at_least=90)
    assert queue.next_due() == 90


def test_a_pause_that_a_server_asked_for_holds_whatever_happens_meanwhile() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    queue.take(0)
    queue.add("a", 1)
    queue.failed("a", 2, at_least=90)
    queue.add("a", 3)
    assert (queue.take(91), queue.next_due(), queue.take(92)) == (None, 92, "a")
    queue.done("a", 93, None)
    queue.add("a", 94)
    assert queue.take(94) == "a"


def test_an_event_cuts_a_pause_short_that_only_we_make() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    for now in (0, 100, 200, 300):
        queue.take(now)
        queue.failed("a", now)
    queue.add("a", 301)
    assert queue.take(301) == "a"


def test_one_keys_failures_are_no_other_keys() -> None:
    queue = WorkQueue[str]()
    for _ in range(5):
        queue.add("bad", 0)
        queue.take(0)
        queue.failed("bad", 0)
    queue.add("good", 0)
    queue.take(0)
    queue.failed("good", 0)
    assert queue.next_due() == FIRST_RETRY_SECONDS


def test_the_longest_work_is_told() -> None:
    queue = WorkQueue[str]()
    queue.add("a", 0)
    queue.add("b", 0)
    queue.take(1)
    queue.take(5)
    assert queue.oldest_running(11) == 10
    queue.done("a", 11, None)
    assert queue.oldest_running(11) == 6


KEYS = st.sampled_from("abc")


class QueueUnderLoad(RuleBasedStateMachine):
    """Threads take, finish and fail keys in any order while others are added, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = WorkQueue[str]()
        self.now = 0.0
        self.running: set[str] = set()
        self.wished: Counter[str] = Counter()
        """Wishes that no work has begun for since."""

    @rule(key=KEYS, delay=st.floats(0, 10))
    def add(self, key: str, delay: float) -> None:
        self.queue.add(key, self.now + delay)
        self.wished[key] += 1

    @rule(seconds=st.floats(0, 120))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        key = self.queue.take(self.now)
        if key is not None:
            assert key not in self.running
            self.running.add(key)
            self.wished[key] = 0

    @rule(key=KEYS, again=st.none() | st.floats(0, 10))
    def done(self, key: str, again: float | None) -> None:
        if key in self.running:
            self.running.remove(key)
            self.queue.done(key, self.now, again)
            self.wished[key] += again is not None

    @rule(key=KEYS, at_least=st.sampled_from([0.0, 90.0]))
    def failed(self, key: str, at_least: float) -> None:
        if key in self.running:
            self.running.remove(key)
            self.queue.failed(key, self.now, at_least)
            self.wished[key] += 1

    @invariant()
    def no_wish_is_lost(self) -> None:
        waiting = {key for key in self.wished if self.wished[key] and key not in self.running}
        assert not waiting or self.queue.next_due() is not None

    def teardown(self) -> None:
        for key in list(self.running):
            self.queue.done(key, self.now, None)
        wanted = {key for key, wishes in self.wished.items() if wishes}
        taken = [found for _ in range(10) if (found := self.queue.take(self.now + 1000)) is not None]
        assert sorted(taken) == sorted(wanted)
        for each in taken:
            self.queue.done(each, self.now, None)
        assert self.queue.take(self.now + 1_000_000) is None


TestUnderLoad = QueueUnderLoad.TestCase


def test_a_long_line_that_moves_does_not_stand_still() -> None:
    queue = WorkQueue[str]()
    for number in range(3):
        queue.add(f"{number}", 0)
    for now in (100, 200):
        assert queue.take(now) is not None
        assert queue.waiting(now + 90)[1] == now + 90
        assert queue.standstill(now + 90) == 90


def test_a_line_stands_still_from_when_its_first_key_was_due() -> None:
    queue = WorkQueue[str]()
    assert queue.standstill(100) == 0
    queue.add("a", 100)
    assert (queue.standstill(90), queue.standstill(160)) == (0, 60)
    assert queue.take(160) == "a"
    assert queue.standstill(900) == 0
