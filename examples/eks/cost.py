"""The arithmetic of docs/explanation/cost.md: change a price or a load and run it again."""

from __future__ import annotations

HOUR_SECONDS = 3600
MONTH_SECONDS = 30 * 24 * HOUR_SECONDS

G4DN = 0.526  # USD/h, g4dn.xlarge on demand, us-east-1: Karpenter 1.14.0's price table of 2026-07-06
G5 = 1.006  # USD/h, g5.xlarge, as above
SPOT_SHARE = 0.4  # an assumption: spot prices move; look yours up
SQS_PER_MILLION = 0.40  # USD, standard queue: factualminds.com, June 2026
KEDA_POLL_SECONDS = 5  # the operator's pollingInterval
TRIGGERS = 2  # of a lane, each a GetQueueAttributes
WARM_SECONDS = 240  # from zero to a model that serves: node, image, weights; 3 to 4 minutes untuned
COOLDOWN_SECONDS = 300  # scaling.cooldown, and consolidateAfter in examples/eks after it
JOB_SECONDS = 5.0  # of an answer, alone on its GPU
CENT = 0.01
CALLS_PER_JOB = 4  # of SQS: send, receive, delete, and a heartbeat


def dollars(value: float) -> str:
    """With as many digits as tell something."""
    return f"{value:.5f}" if value < CENT else f"{value:.2f}"


def rows() -> list[tuple[str, str]]:
    """What, and USD."""
    polls = MONTH_SECONDS / KEDA_POLL_SECONDS * TRIGGERS
    episode = (WARM_SECONDS + 2 * COOLDOWN_SECONDS) / HOUR_SECONDS
    return [
        ("an idle lane, a month: KEDA's calls to SQS", dollars(polls / 1e6 * SQS_PER_MILLION)),
        ("a worker kept for a month (minReplicas: 1), g4dn", dollars(G4DN * MONTH_SECONDS / HOUR_SECONDS)),
        ("a worker kept for a month, g5", dollars(G5 * MONTH_SECONDS / HOUR_SECONDS)),
        ("waking a lane once and letting it sleep, g4dn", dollars(G4DN * episode)),
        ("the same, g5", dollars(G5 * episode)),
        ("one job of 5 s on a busy GPU, g4dn", dollars(G4DN * JOB_SECONDS / HOUR_SECONDS)),
        ("the same on spot at 40 % of the price", dollars(G4DN * SPOT_SHARE * JOB_SECONDS / HOUR_SECONDS)),
        ("one job of 5 s on a busy GPU, g5", dollars(G5 * JOB_SECONDS / HOUR_SECONDS)),
        ("a million jobs' calls to SQS", dollars(CALLS_PER_JOB * SQS_PER_MILLION)),
    ]


def table() -> str:
    """In Markdown."""
    return "| what | USD |\n|---|---|\n" + "".join(f"| {what} | {usd} |\n" for what, usd in rows())


if __name__ == "__main__":
    print(table(), end="")
