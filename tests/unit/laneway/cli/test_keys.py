from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.schema.pool.documents.keys_file import hash_of, read_keys


def told(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["keys", "new", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_a_key_is_a_line_and_its_entry_another() -> None:
    code, output, _ = told("team-a", "--lane", "slow", "--lane", "fast")
    key, entry = output.splitlines()
    assert code == 0
    assert re.fullmatch(r"lw-[A-Za-z0-9_-]{43}", key)
    (read,) = read_keys(f'{{"keys": [{entry}]}}'.encode()).keys
    assert (read.name, read.sha256, read.lanes) == ("team-a", hash_of(key), ("slow", "fast"))


def test_a_quota_stands_in_the_entry() -> None:
    bounds = ("--jobs-in-flight", "5", "--tokens-per-day", "1000", "--gpu-seconds-per-day", "60")
    entry = told("team-a", *bounds)[1].splitlines()[1]
    (read,) = read_keys(f'{{"keys": [{entry}]}}'.encode()).keys
    assert json.loads(entry)["quota"] == {"jobsInFlight": 5, "tokensPerDay": 1000, "gpuSecondsPerDay": 60}
    assert read.quota is not None
    assert (read.quota.jobs_in_flight, read.quota.tokens_per_day, read.quota.gpu_seconds_per_day) == (5, 1000, 60)


def test_each_key_is_another_one() -> None:
    assert len({told("team-a")[1] for _ in range(5)}) == 5


def test_programs_get_one_document() -> None:
    found = json.loads(told("team-a", "--json")[1])
    assert found["entry"] == {"name": "team-a", "sha256": hash_of(found["key"])}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Team A"], "name: should be small letters, digits and dashes"),
        (["team-a", "--lane", "Fast"], "lanes[0]: should be small letters"),
        (["team-a", "--lane", "fast", "--lane", "fast"], "lanes names fast twice"),
        (["team-a", "--tokens-per-day", "0"], "quota.tokensPerDay: should be greater than or equal to 1"),
    ],
)
def test_what_can_be_in_no_file_is_refused(arguments: list[str], words: str) -> None:
    code, output, errors = told(*arguments)
    assert (code, output) == (2, "")
    assert words in errors
