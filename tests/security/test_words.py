"""What a sender may name, and terminals, tables and databases would obey or choke on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from laneway.cli.failed_view import page
from laneway.cli.pools import _table
from laneway.client.remote import Figures
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import read_history
from laneway.schema.job.job import InvalidJob, parse_job

NOW = datetime(2026, 11, 28, tzinfo=UTC)
OBEYED = [
    "\x00", "\x07", "\x1b[2J", "\r", "\n", "\t", "\x7f", "\x85", "\x9b", "\u061c", "\u200e", "\u200f", "\u2028",
    "\u2029", "\u202a", "\u202e", "\u2066", "\u2069",
]  # fmt: skip
YEARS = [
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "1999-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("character", OBEYED, ids=ascii)
def test_labels_hold_nothing_that_is_obeyed(character: str) -> None:
    for labels in ({"team": f"a{character}b"}, {f"a{character}b": "claims"}):
        with pytest.raises(InvalidJob, match="without control characters, line ends and marks of direction") as caught:
            parse_job(json.dumps({"prompt": "a", "labels": labels}).encode())
        assert character not in str(caught.value)


@pytest.mark.parametrize("text", ["claims", "Ünïcödé 漢字 🙂", "עברית", "عربي", "a b", "", "%s{}$(x)"])
def test_labels_hold_any_words(text: str) -> None:
    assert parse_job(json.dumps({"prompt": "a", "labels": {"team": text}}).encode()).labels == {"team": text}


@pytest.mark.parametrize("year", YEARS)
def test_a_history_outside_of_our_time_counts_as_none(year: str) -> None:
    failure = {"attempt": 1, "code": "stalled", "message": "m", "worker": "w", "at": year}
    assert read_history(json.dumps({"id": "a", "submitted_at": year}), "m", NOW).submitted_at == NOW
    forged = {"id": "a", "submitted_at": NOW.isoformat(), "failures": [failure]}
    history = read_history(json.dumps(forged), "m", NOW)
    assert (history.id, history.failures) == ("a", ())


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("field", ["submitted_at", "failed_at"])
def test_an_entry_of_a_failed_job_outside_of_our_time_is_unreadable(field: str, year: str) -> None:
    error = {"code": "stalled", "message": "m", "fix": "f"}
    entry = {"id": "a", "lane": "fast", "error": error, "submitted_at": str(NOW), "failed_at": str(NOW)}
    entry |= {"result_etag": '"e"', "body": "b"}
    assert page(FailedJob.model_validate_json(json.dumps(entry)))
    with pytest.raises(ValidationError, match="should be a time between 2000 and 2200"):
        FailedJob.model_validate_json(json.dumps(entry | {field: year}))


def test_top_prints_no_name_that_a_terminal_obeys() -> None:
    assert _table({"fast\u202e\x1b[2J": Figures(1, 2, 3)}).splitlines()[1].split() == ["fast[2J", "1", "2", "3"]
