"""What a sender may name, and terminals, tables and databases would obey or choke on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
import typer
from pydantic import ValidationError
from rich.console import Console

from laneway.cli.failed_view import Row, causes_table, page, refusal_line, rows_table
from laneway.cli.line.top import _drawn, shown
from laneway.cli.output import Exit, errors_in_words, fail, print_json, say, tell
from laneway.client.failed_jobs import Refused
from laneway.errors import PoolUnavailable
from laneway.local.lanes.board import COLUMNS, table
from laneway.local.say import ConsoleSay
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import read_history
from laneway.schema.job.job import InvalidJob, parse_job
from support.inputs.lines import line_with

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
    odd = "fast\u202e\x1b[2J"
    table = shown([line_with(lane=odd, stage=odd, missing=(odd,))])
    assert obeyed(table) == []
    assert table.splitlines()[1].split()[:4] == ["fast[2J", "1", "2", "3"]


ODD = "a\x1b]8;;http://evil.example\x1b\\b\x9b2J\u202ec\x00"
FORGED = f"{ODD}\nretry      laneway failed drop --all --yes"
MARKED = ["[link=http://evil.example]fast[/link]", "[/fast]", ":skull:", "[bold red]0[/]"]


def kept() -> FailedJob:
    """What a stranger's history and a taken-over worker leave behind."""
    failure = {"attempt": 1, "code": "stalled", "message": FORGED, "worker": FORGED, "at": NOW.isoformat()}
    document = {
        "id": "a", "lane": FORGED, "error": {"code": "stalled", "message": FORGED, "fix": FORGED},
        "failures": [failure], "submitted_at": NOW.isoformat(), "failed_at": NOW.isoformat(), "result_etag": "e",
        "body": "{}",
    }  # fmt: skip
    return FailedJob.model_validate_json(json.dumps(document))


def obeyed(text: str) -> list[str]:
    return [character for character in text if not (character.isprintable() or character == "\n")]


def test_of_a_failed_job_no_word_is_obeyed_and_none_begins_a_line() -> None:
    rows = [Row.of(kept())]
    own = "retry      laneway failed retry a"
    for text in (page(kept()), rows_table(rows, NOW), causes_table(rows), refusal_line(Refused("a", FORGED))):
        assert obeyed(text) == []
        assert all(line == own for line in text.splitlines() if line.startswith("retry"))


def test_nor_is_a_word_of_an_error_that_ends_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), errors_in_words():
        raise PoolUnavailable(ODD)
    with pytest.raises(typer.Exit):
        fail(ODD, Exit.USAGE)
    say(ODD)
    tell(ODD)
    told = capsys.readouterr()
    assert obeyed(told.out + told.err) == []
    assert told.err.count("http://evil.example") == 3


def test_documents_for_programs_mean_the_same_and_hold_nothing_that_is_obeyed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = {"lane": "".join(OBEYED) + "Ünïcödé 漢字\u3000🙂 \U000e0001"}
    print_json(value)
    told = capsys.readouterr().out
    assert json.loads(told) == value
    assert not set(told.removesuffix("\n")) & {each[0] for each in OBEYED}


@pytest.mark.parametrize("name", MARKED)
def test_a_lanes_name_is_no_markup(name: str) -> None:
    console = Console(file=StringIO(), force_terminal=True, width=400, color_system=None)
    with console.capture() as captured:
        console.print(_drawn(shown([line_with(lane=name)])))
        console.print(table([(name,) * len(COLUMNS)]))
    assert captured.get().count(name) == 1 + len(COLUMNS)
    assert "\x1b]8" not in captured.get()


@pytest.mark.parametrize("detail", MARKED)
def test_what_a_long_step_prints_is_no_markup(detail: str) -> None:
    written = StringIO()
    with ConsoleSay(Console(file=written, force_terminal=True, width=200)).step(detail) as update:
        update(detail)
    assert "\x1b]8" not in written.getvalue()
