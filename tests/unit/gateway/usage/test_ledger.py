"""One gateway's ledger, and several that tell one another what they know, in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from laneway_gateway.errors import QuotaExceeded, TooManyHeld
from laneway_gateway.usage.ledger import LOST, MOST_OPEN, MOST_OPEN_OF_A_KEY, STALE, Ledger, Open
from support.gateway.quotas import quota

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUOTA = quota(jobs=2, tokens=1000)


def test_a_job_is_in_flight_until_it_has_a_result() -> None:
    ledger = Ledger()
    ledger.admit("claims", QUOTA, "a", NOON)
    ledger.admit("claims", QUOTA, "b", NOON)
    with pytest.raises(QuotaExceeded, match="jobsInFlight"):
        ledger.admit("claims", QUOTA, "c", NOON)
    ledger.admit("payroll", QUOTA, "d", NOON)
    ledger.settle("a", 10, 1.5, NOON)
    used = ledger.used("claims", NOON)
    assert (used.jobs_in_flight, used.tokens, used.gpu_seconds) == (1, 10, 1.5)
    ledger.admit("claims", QUOTA, "c", NOON)
    assert ledger.open == ["b", "d", "c"]


def test_a_result_that_is_read_again_counts_nothing() -> None:
    ledger = Ledger()
    ledger.admit("claims", QUOTA, "a", NOON)
    for _ in range(3):
        ledger.settle("a", 10, 1.0, NOON)
        ledger.settle("of another gateway", 10, 1.0, NOON)
    assert (ledger.used("claims", NOON).tokens, ledger.used("claims", NOON).jobs_in_flight) == (10, 0)


def test_what_was_not_sent_and_what_goes_by_another_id_is_in_flight_once() -> None:
    ledger = Ledger()
    for each in ("a", "b"):
        ledger.admit("claims", QUOTA, each, NOON)
        ledger.rename(each, "shared")
    assert (ledger.open, ledger.used("claims", NOON).jobs_in_flight) == (["shared"], 1)
    ledger.rename("nobody's", "other")
    for _ in range(2):
        ledger.drop("shared")
    assert (ledger.open, ledger.used("claims", NOON).jobs_in_flight) == ([], 0)


def test_a_refusal_changes_nothing() -> None:
    ledger = Ledger()
    ledger.admit("claims", QUOTA, "a", NOON)
    ledger.settle("a", 5000, 0.0, NOON)
    for _ in range(3):
        with pytest.raises(QuotaExceeded, match="tokensPerDay"):
            ledger.admit("claims", QUOTA, "b", NOON)
    assert (ledger.used("claims", NOON).jobs_in_flight, ledger.used("claims", NOON).tokens) == (0, 5000)


def test_a_new_day_begins_at_midnight_of_utc_with_what_is_in_flight() -> None:
    ledger, evening = Ledger(), NOON.replace(hour=23, minute=59, second=59)
    ledger.admit("claims", QUOTA, "a", evening)
    ledger.admit("claims", QUOTA, "b", evening)
    ledger.settle("a", 5000, 9.0, evening)
    with pytest.raises(QuotaExceeded):
        ledger.admit("claims", QUOTA, "c", evening)
    morning = evening + timedelta(seconds=1)
    used = ledger.used("claims", morning)
    assert (used.jobs_in_flight, used.tokens, used.gpu_seconds) == (1, 0, 0.0)
    ledger.settle("b", 7, 0.0, morning)
    assert ledger.used("claims", evening).tokens == 7  # a clock that is set back gives nobody another day
    assert ledger.document(morning).day.isoformat() == "2026-11-23"


def test_others_count_as_long_as_they_tell_and_their_day_to_its_end() -> None:
    ledger, other = Ledger(), Ledger()
    other.admit("claims", QUOTA, "a", NOON)
    other.admit("claims", QUOTA, "b", NOON)
    other.settle("a", 400, 2.0, NOON)
    for _ in range(3):
        ledger.hear("other", other.document(NOON))
    used = ledger.used("claims", NOON)
    assert (used.jobs_in_flight, used.tokens, used.gpu_seconds) == (1, 400, 2.0)
    later = NOON + STALE
    assert (ledger.used("claims", later).jobs_in_flight, ledger.used("claims", later).tokens) == (0, 400)
    ledger.forget(later)
    assert ledger.used("claims", later).tokens == 400
    tomorrow = NOON + timedelta(days=1)
    assert ledger.used("claims", tomorrow).tokens == 0
    ledger.forget(tomorrow)
    assert not ledger._others


def test_a_job_that_no_queue_can_have_any_more_is_forgotten() -> None:
    ledger = Ledger()
    ledger.admit("claims", QUOTA, "a", NOON)
    ledger.forget(NOON + LOST)
    assert ledger.open == ["a"]
    ledger.forget(NOON + LOST + timedelta(seconds=1))
    assert (ledger.open, ledger.used("claims", NOON).jobs_in_flight) == ([], 0)


def test_no_more_jobs_are_followed_than_memory_is_for() -> None:
    ledger, unbounded = Ledger(), quota(tokens=10**9)
    for number in range(MOST_OPEN):
        tenant = f"team-{number // MOST_OPEN_OF_A_KEY}"
        ledger._open[str(number)] = Open(tenant, NOON)
        ledger._in_flight[tenant] += 1
    with pytest.raises(TooManyHeld):
        ledger.admit("claims", unbounded, "more", NOON)
    ledger.drop(str(MOST_OPEN - 1))
    with pytest.raises(TooManyHeld):
        ledger.admit("team-0", unbounded, "more", NOON)
    ledger.admit("claims", unbounded, "of another", NOON)
    assert len(ledger.open) == MOST_OPEN


TOKENS, JOBS = 100, 3
BOUNDS = quota(jobs=JOBS, tokens=TOKENS)


class Gateways(RuleBasedStateMachine):
    """Some gateways admit, settle, tell and hear in any order, whenever they come to it.

    Nobody is refused before its quota is used. And nothing is admitted beyond it but what nobody there could know:
    what each gateway admits is within what it has settled itself and was told when it last heard.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ledgers = [Ledger() for _ in range(3)]
        self.bucket = {number: each.document(NOON) for number, each in enumerate(self.ledgers)}
        self.heard = {number: dict(self.bucket) for number in range(3)}
        self.open: list[tuple[int, str]] = []
        self.settled = [0, 0, 0]
        self.ids = count()

    def _known(self, number: int) -> tuple[int, int]:
        others = [told.tenants for each, told in self.heard[number].items() if each != number]
        told = [each["claims"] for each in others if "claims" in each]
        own = sum(each == number for each, _ in self.open)
        return own + sum(each.jobs_in_flight for each in told), self.settled[number] + sum(each.tokens for each in told)

    @rule(number=st.integers(0, 2))
    def admit(self, number: int) -> None:
        jobs, tokens = self._known(number)
        job_id = str(next(self.ids))
        try:
            self.ledgers[number].admit("claims", BOUNDS, job_id, NOON)
        except QuotaExceeded:
            assert jobs >= JOBS or tokens >= TOKENS
            return
        assert jobs < JOBS
        assert tokens < TOKENS
        self.open.append((number, job_id))

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 100), tokens=st.integers(0, 60))
    def settle(self, which: int, tokens: int) -> None:
        number, job_id = self.open.pop(which % len(self.open))
        for _ in range(2):  # a result that is read twice
            self.ledgers[number].settle(job_id, tokens, 0.0, NOON)
        self.settled[number] += tokens

    @rule(number=st.integers(0, 2))
    def tell(self, number: int) -> None:
        self.bucket[number] = self.ledgers[number].document(NOON)

    @rule(number=st.integers(0, 2))
    def hear(self, number: int) -> None:
        for other, told in self.bucket.items():
            if other != number:
                self.ledgers[number].hear(str(other), told)
        self.heard[number] = dict(self.bucket)

    @rule()
    def a_rhythm_passes(self) -> None:
        for number in range(3):
            self.tell(number)
        for number in range(3):
            self.hear(number)
        full = sum(self.settled) >= TOKENS or len(self.open) >= JOBS
        for number in range(3):
            before = len(self.open)
            if full:
                self.admit(number)
                assert len(self.open) == before

    @invariant()
    def no_gateway_has_more_in_flight_than_the_quota(self) -> None:
        for number in range(3):
            assert sum(each == number for each, _ in self.open) <= JOBS

    @invariant()
    def a_gateway_goes_over_a_day_by_what_is_in_flight_there_and_no_more(self) -> None:
        """60 tokens a job at most: all but the last jobs in flight came before the quota was used up."""
        for each in self.settled:
            assert each < TOKENS + JOBS * 60


Gateways.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestGateways = Gateways.TestCase
