from __future__ import annotations

from dataclasses import replace

import pytest

from laneway_dashboard.bulk.groups import Chosen, cause_of, groups
from laneway_dashboard.ports.failed import FailedSeen
from laneway_dashboard.testing.clock import START, ManualClock
from laneway_dashboard.testing.worlds import trouble

JOB = FailedSeen("claim-1", '"e"', "fast", "timed_out", "no answer within 300 s", START, START, 3)


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("no answer within 300 s", "no answer within … s"),
        ("claim-1 killed its worker 20 times", "… killed its worker … times"),
        ("'total' is missing, and \"sum\" too", "… is missing, and … too"),
        ("worker documents-7d9f1a2b-x at 10:30:01.5", "worker documents-…x at …"),
        ("  many\n spaces ", "many spaces"),
        ("w" * 500, "w" * 160),
        ("", "no cause is told"),
        (" \n ", "no cause is told"),
    ],
)
def test_a_cause_is_what_several_jobs_share(message: str, cause: str) -> None:
    assert cause_of(replace(JOB, message=message)) == cause


def test_the_largest_group_comes_first() -> None:
    found = groups(trouble(ManualClock()).failed.jobs)
    assert [(each.code, each.count) for each in found] == [("timed_out", 120), ("format_not_met", 30), ("poison", 14)]
    assert found[0].lanes == ("fast", "slow")
    assert found[0].first < found[0].last


def test_a_group_without_words_means_no_other_of_its_code() -> None:
    silent, telling = replace(JOB, message=""), replace(JOB, id="claim-2")
    group = next(each for each in groups([silent, telling]) if each.example == silent.id)
    wanted = Chosen.of({"code": group.code, "cause": group.cause})
    assert [each.id for each in (silent, telling) if wanted.wants(each)] == [silent.id]


def test_a_choice_means_what_its_group_has() -> None:
    jobs = trouble(ManualClock()).failed.jobs
    for group in groups(jobs):
        wanted = Chosen.of({"code": group.code, "cause": group.cause, "other": "x"})
        assert sum(wanted.wants(each) for each in jobs) == group.count
        assert group.cause in wanted.told
    assert Chosen().told == "every failed job"
    assert [each.id for each in jobs if Chosen(id="claim-2026-0003").wants(each)] == ["claim-2026-0003"]
