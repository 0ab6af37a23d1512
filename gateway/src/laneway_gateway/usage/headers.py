"""Where a key stands with its quota, as OpenAI's headers have it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from laneway_gateway.desk import Limit

MINUTE, HOUR = 60, 3600


def headers_of(limits: Iterable[Limit], now: datetime) -> dict[str, str]:
    """`x-ratelimit-…-tokens`, and the like of what else is bounded."""
    found: dict[str, str] = {}
    for each in limits:
        found[f"x-ratelimit-limit-{each.unit}"] = str(each.most)
        found[f"x-ratelimit-remaining-{each.unit}"] = str(each.left)
        if each.ends is not None:
            found[f"x-ratelimit-reset-{each.unit}"] = lasting((each.ends - now).total_seconds())
    return found


def lasting(seconds: float) -> str:
    """A time as OpenAI writes it, such as `6h12m5s`."""
    whole = max(0, round(seconds))
    hours, minutes = whole // HOUR, whole % HOUR // MINUTE
    return f"{f'{hours}h' if hours else ''}{f'{minutes}m' if whole >= MINUTE else ''}{whole % MINUTE}s"
