"""The list of jobs, and the same as CSV."""

from __future__ import annotations

from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING

from laneway_dashboard.desk import At, at
from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.jobs.csv_lines import csv_lines
from laneway_dashboard.ports.jobs import FILTERS, Page, Wanted
from laneway_dashboard.shell.answers import Download, Notice, View
from laneway_dashboard.shell.words import span_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from laneway_dashboard.desk import Desk
    from laneway_dashboard.ports.jobs import Filter, Jobs, Row
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

ROWS = 50
MOST_CSV_ROWS = 10_000
CSV_PAGE = 200
STATUSES = ("succeeded", "failed", "expired", "cancelled")
SINCE = {"1h": "1 hour", "6h": "6 hours", "1d": "1 day", "7d": "7 days", "30d": "30 days"}


def wanted_of(query: Mapping[str, str], offered: frozenset[Filter]) -> Wanted | str:
    """Which jobs are meant, or what can't be."""
    given = {name: query[name].strip() for name in FILTERS if query.get(name, "").strip()}
    unknown = [name for name in given if name not in offered]
    if unknown:
        return f"the source of this list can't be asked by {', '.join(unknown)}"
    label = given.get("label")
    pair = tuple(label.split("=", 1)) if label else None
    if pair is not None and len(pair) != 2:  # noqa: PLR2004 - a name and a value
        return "a label is asked for as name=value, such as team=claims"
    since = span_of(given["since"]) if "since" in given else None
    if "since" in given and since is None:
        return "since is a number of minutes, hours or days, such as 30m, 6h or 7d"
    return Wanted(
        lane=given.get("lane"),
        status=given.get("status"),
        code=given.get("code"),
        label=(pair[0], pair[1]) if pair else None,
        prefix=given.get("prefix"),
        since=since,
    )


def page(asked: Asked, desk: Desk) -> Answer:
    """One page of them."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    jobs = found.ports.jobs
    listed, trouble = _listed(jobs, asked)
    given = {name: asked.words(name) for name in FILTERS}
    values = {
        "at": found.snapshot.at,
        "offered": jobs.filters,
        "order": jobs.order,
        "given": given,
        "page": listed,
        "after": asked.words("after"),
        "trouble": trouble,
        "filtered": any(given.values()),
        "lanes": [each.name for each in found.seen.lanes],
        "statuses": STATUSES,
        "since": SINCE,
    }
    return View("jobs.html", values, pool=found.ports.name, tab="jobs")


def _listed(jobs: Jobs, asked: Asked) -> tuple[Page, str | None]:
    wanted = wanted_of(asked.query, jobs.filters)
    if isinstance(wanted, str):
        return Page(()), f"Nothing is shown: {wanted}."
    try:
        return jobs.page(wanted, asked.words("after") or None, ROWS), None
    except (Refused, Unavailable) as error:
        return Page(()), str(error)


def csv(asked: Asked, desk: Desk) -> Answer:
    """All that are meant, up to a bound."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    wanted = wanted_of(asked.query, found.ports.jobs.filters)
    if isinstance(wanted, str):
        return Notice(HTTPStatus.BAD_REQUEST, "Nothing to load", f"{wanted}.")
    try:
        rows = _all(found.ports.jobs, wanted)
    except (Refused, Unavailable) as error:
        return Notice(HTTPStatus.SERVICE_UNAVAILABLE, "Nothing to load", str(error))
    name = found.ports.name.replace("/", "-")
    return Download(f"jobs-{name}.csv", "text/csv; charset=utf-8", csv_lines(rows))


def _all(jobs: Jobs, wanted: Wanted) -> list[Row]:
    return list(islice(_each(jobs, wanted), MOST_CSV_ROWS))


def _each(jobs: Jobs, wanted: Wanted) -> Iterator[Row]:
    after: str | None = None
    while True:
        found = jobs.page(wanted, after, CSV_PAGE)
        yield from found.rows
        after = found.next
        if after is None:
            return
