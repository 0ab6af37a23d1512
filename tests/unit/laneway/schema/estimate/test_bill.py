from __future__ import annotations

from laneway.schema.estimate.bill import bill_of
from laneway.schema.estimate.reckon import Asked, estimate
from laneway.schema.job.fields.options import Options
from laneway.schema.job.job import Job
from support.inputs.lines import LANE, NOW, lane_estimate

JOBS = [Job(prompt="x" * 4000), Job(prompt="x" * 4000, options=Options(num_predict=10))]
ASKED = Asked(lane="fast", ahead=0, running=0, now=NOW)


def test_tokens_time_and_money_come_from_the_lanes_last_jobs() -> None:
    known = lane_estimate(tokens_per_job=100.0, gpu_seconds_per_job=9.0, price_per_hour=2.0)
    bill = bill_of(JOBS, LANE, known, estimate(ASKED, known))
    assert 2000 <= bill.prompt_tokens <= 2020
    assert (bill.completion_tokens, bill.most_completion_tokens) == (110, 266)
    assert (bill.seconds, bill.usd) == (8.0, 0.01)
    assert str(bill).splitlines() == [
        "2 jobs for lane fast",
        f"tokens: about {bill.prompt_tokens:,} read, about 110 written, at most 266",
        "begin: nobody ahead, at once",
        "time: 8 s, 2 at once",
        "money: about $0.01",
    ]


def test_what_nobody_knows_is_not_told() -> None:
    bill = bill_of(JOBS, LANE, None, estimate(ASKED, None))
    assert (bill.completion_tokens, bill.seconds, bill.usd) == (None, None, None)
    assert "money: unknown" in str(bill)
