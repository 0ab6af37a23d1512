"""Workers and KEDA must agree on what time it is: our cron against the library that KEDA reads cron with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from laneway.schema.pool.schedules.cron import MONTHS, WEEKDAYS, parse_cron, skipped_minutes
from laneway.schema.pool.schedules.schedule import Period, asleep
from support.tools import missing

MODULE = Path(__file__).parent / "kedacron"
QUESTIONS = 5_000
SEED = 20_261_122
ZONES = (
    "Europe/Paris",
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "UTC",
)
"""Not those whose clocks skip midnight, half an hour or two hours: there KEDA takes a wrong day or hour once a year."""


def field(random: Random, low: int, high: int, names: tuple[str, ...] = ()) -> str:
    first, last = sorted((random.randint(low, high), random.randint(low, high)))
    number = names[first - low] if names and random.random() < 0.5 else str(first)
    steps = (f"*/{last + 1}", f"?/{last + 1}", f"{first}/{last + 1}", f"{first}-{last}/2")
    forms = ("*", "?", number, f"{first},{last}", f"{first}-{last}", *steps)
    return random.choice(forms)


def expression(random: Random) -> str:
    hour = random.choice(("0", "1", "2", "3", "5", "22", "23", field(random, 0, 23)))
    day = random.choice(("* * *", f"* * {field(random, 0, 6, WEEKDAYS)}", f"{field(random, 1, 28)} * *"))
    if random.random() < 0.1:
        day = f"* {field(random, 1, 12, MONTHS)} *"
    return f"{field(random, 0, 59)} {hour} {day}"


def moment(random: Random, zone: str) -> datetime:
    """Mostly near a change of the clocks."""
    half_a_year = random.choice((0, 217)) * timedelta(days=1)  # from the last Sunday in March to that in October
    changes = [each.replace(tzinfo=ZoneInfo(zone)) for each in skipped_minutes(ZoneInfo(zone))]
    some_day = datetime(2026, 1, 1, tzinfo=UTC) + random.randrange(4 * 365) * timedelta(days=1)
    around = random.choice(changes) + half_a_year if changes and random.random() < 0.8 else some_day
    return around.astimezone(UTC).replace(second=0) + random.randint(-36 * 3600, 36 * 3600) * timedelta(seconds=1)


def question(random: Random) -> dict[str, Any]:
    zone = random.choice(ZONES)
    at = int(moment(random, zone).timestamp())
    return {"zone": zone, "start": expression(random), "end": expression(random), "at": at}


def kedas(questions: list[dict[str, Any]]) -> list[Any]:
    go = shutil.which("go")
    if go is None:
        missing("Go", "install Go 1.24 or newer: https://go.dev/dl")
    environment = {**os.environ, "GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    text = "\n".join(json.dumps(each) for each in questions)
    done = subprocess.run(
        [go, "run", "."], cwd=MODULE, env=environment, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ours(asked: dict[str, Any]) -> list[Any]:
    at, zone = datetime.fromtimestamp(asked["at"], UTC), ZoneInfo(asked["zone"])
    times = [int(parse_cron(asked[name]).next_after(at, zone).timestamp()) for name in ("start", "end")]
    period = Period(timezone=asked["zone"], start=asked["start"], end=asked["end"])
    return [*times, asleep(suspended=False, quiet=[period], now=at)]


def test_a_worker_and_keda_read_schedules_alike() -> None:
    random = Random(SEED)  # noqa: S311 - makes questions, guards nothing
    questions = [question(random) for _ in range(QUESTIONS)]
    answers = kedas(questions)
    assert {inside for _, _, inside in answers} == {True, False}
    assert [(each, ours(each)) for each in questions] == list(zip(questions, answers, strict=True))
