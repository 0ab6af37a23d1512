"""Figures and times as people read them: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SPANS = ((86400, "d"), (3600, "h"), (60, "min"))
SMALLEST_SHOWN_USD = 0.0001
DASH = "\N{EN DASH}"
INVISIBLE = {"\n": "↵", "\t": "⇥"}


def ago(then: datetime, now: datetime) -> str:
    """`3 min ago`, `in 2 h`."""
    seconds = (now - then).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"{duration(seconds)} ago" if seconds > 0 else f"in {duration(-seconds)}"


def duration(seconds: float | None) -> str:
    """The largest unit, and the next one where it says something: `3 min 12 s`."""
    if seconds is None:
        return DASH
    if 0 < seconds < 0.995:  # noqa: PLR2004 - a second, as it would be rounded
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f}".removesuffix(".0") + " s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - two digits say enough
    whole = round(seconds)
    if whole < 3600:  # noqa: PLR2004 - an hour
        return _pair(whole, 60, "min", 1, "s")
    if whole < 86400:  # noqa: PLR2004 - a day
        return _pair(whole, 3600, "h", 60, "min")
    return _pair(whole, 86400, "d", 3600, "h")


def _pair(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    first, rest = divmod(whole, large)
    second = rest // small
    return f"{first} {large_name} {second} {small_name}" if second and first < 10 else f"{first} {large_name}"  # noqa: PLR2004 - `12 h` is enough


def between(least: float, most: float) -> str:
    """When something begins, a range in one unit: `in 3` to `5 min`."""
    if most < 1:
        return "at once"
    size, unit = next(((size, unit) for size, unit in reversed(SPANS) if most >= size * 2), (1, "s"))
    if most >= 2 * 86400:
        size, unit = SPANS[0]
    elif most >= 2 * 3600:
        size, unit = SPANS[1]
    low, high = round(least / size), max(round(most / size), 1)
    return f"in {high} {unit}" if low == high else f"in {low}{DASH}{high} {unit}"


def absolute(when: datetime) -> str:
    """`2026-11-29 19:45:01 UTC`."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def machine(when: datetime) -> str:
    """For `datetime=`."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def count(number: float | None) -> str:
    """With separators; a dash where it is not known."""
    return DASH if number is None else f"{number:,.0f}"


def usd(amount: float | None) -> str:
    """As much as says something."""
    if amount is None:
        return DASH
    if 0 < amount < SMALLEST_SHOWN_USD:
        return "< $0.0001"
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def rate(number: float | None) -> str:
    """A second."""
    return DASH if number is None else f"{number:,.1f}"


def visible(text: str, kept: str = "") -> str:
    """Text from elsewhere in which nothing turns the direction of what stands beside it, or hides."""
    return "".join(
        each if each.isprintable() or each in kept else INVISIBLE.get(each, f"\u27e8U+{ord(each):04X}\u27e9")
        for each in text
    )


def span_of(text: str) -> timedelta | None:
    """`30m`, `6h`, `7d`; None where it is none."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isascii() or not number.isdigit() or not 0 < int(number) <= 1000:  # noqa: PLR2004 - a bound
        return None
    return timedelta(**{units[unit]: int(number)})
