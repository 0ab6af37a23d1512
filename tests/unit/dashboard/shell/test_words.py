from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laneway_dashboard.shell import words
from laneway_dashboard.shell.rendering import link, moment, ticks

NOW = datetime(2026, 11, 29, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\N{EN DASH}"), (0, "0 s"), (0.0004, "1 ms"), (0.012, "12 ms"), (0.999, "1 s"),
        (2.44, "2.4 s"), (9.96, "10 s"),
        (59.4, "59 s"), (60, "1 min"), (192, "3 min 12 s"), (3599, "59 min"), (3600, "1 h"), (5400, "1 h 30 min"),
        (86400, "1 d"), (90000 * 20, "20 d"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (2, 5, "in 2-5 s"),
        (0, 0.2, "at once"),
        (180, 300, "in 3-5 min"),
        (60, 110, "in 60-110 s"),
        (7200, 18000, "in 2-5 h"),
        (4, 4, "in 4 s"),
    ],
)
def test_ranges_are_in_one_unit(least: float, most: float, text: str) -> None:
    assert words.between(least, most) == text.replace("-", "\N{EN DASH}")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "\N{EN DASH}"),
        (0, "$0.00"),
        (0.00001, "< $0.0001"),
        (0.000106, "$0.0001"),
        (0.5137, "$0.5137"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money(amount: float | None, text: str) -> None:
    assert words.usd(amount) == text


def test_times_are_told_in_words_and_shown_whole() -> None:
    assert moment(NOW - timedelta(minutes=3), NOW) == (
        '<time datetime="2026-11-29T14:27:00Z" title="2026-11-29 14:27:00 UTC">3 min ago</time>'
    )
    assert "in 2 h" in moment(NOW + timedelta(hours=2), NOW)
    assert "now" in moment(NOW, NOW)


def test_what_hides_or_turns_is_shown() -> None:
    assert words.visible("a\u202eb\x00c\n") == "a\u27e8U+202E\u27e9b\u27e8U+0000\u27e9c↵"


def test_words_between_backticks_are_code_and_nothing_is_markup() -> None:
    assert ticks("lower `<b>` now") == "lower <code>&lt;b&gt;</code> now"
    assert ticks("one ` alone <i>") == "one ` alone &lt;i&gt;"


def test_a_link_leaves_out_what_is_not_asked() -> None:
    assert link({"lane": "fast", "code": "", "cause": None}, after="a&b") == "lane=fast&after=a%26b"


@pytest.mark.parametrize(("text", "found"), [("30m", 1800), ("6h", 21600), ("7d", 604800)])
def test_spans(text: str, found: int) -> None:
    span = words.span_of(text)
    assert span is not None
    assert span.total_seconds() == found


@pytest.mark.parametrize("text", ["", "7", "h", "-1h", "0h", "1001d", "\u0661h", "1.5h", "1w"])
def test_what_is_no_span(text: str) -> None:
    assert words.span_of(text) is None
