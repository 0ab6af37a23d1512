"""Templates, and what they may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup, escape

from laneway_dashboard.shell import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def templates() -> jinja2.Environment:
    """Everything is escaped, and a name that is not there fails rather than shows nothing."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("laneway_dashboard"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    found.filters.update(
        ago=words.ago,
        count=words.count,
        duration=words.duration,
        rate=words.rate,
        ticks=ticks,
        segment=lambda text: quote(text, safe=""),
        usd=words.usd,
        visible=words.visible,
    )
    found.globals.update(between=words.between, moment=moment, link=link)
    return found


def ticks(text: str) -> Markup:
    """Text from elsewhere, in which what stands between backticks is code."""
    parts = words.visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape(words.visible(text))
    code = Markup("<code>{}</code>")
    return Markup().join(code.format(each) if odd % 2 else escape(each) for odd, each in enumerate(parts))


def moment(when: datetime | None, now: datetime) -> Markup:
    """A time in words, with the time itself for who points at it."""
    if when is None:
        return escape(words.DASH)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        words.machine(when), words.absolute(when), escape(words.ago(when, now))
    )


def link(values: Mapping[str, Any], **other: Any) -> str:
    """What follows the `?` of a link: these values, some of them others, without those that are None or empty."""
    return urlencode({name: each for name, each in {**values, **other}.items() if each not in (None, "")})
