"""Which failed jobs a command line means, and how fast to act on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.cli.failed_view import Row, unreadable_line
from laneway.cli.output import Exit, fail, printable, say

if TYPE_CHECKING:
    from laneway.client.failed_entries import Unreadable
    from laneway.client.pool import Pool
    from laneway.schema.job.codes import ErrorCode

RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/([smh]))?")
SECONDS = {"s": 1, "m": 60, "h": 3600, None: 1}


@dataclass(frozen=True)
class Wanted:
    """Which failed jobs the command line means."""

    ids: list[str] | None
    code: ErrorCode | None
    lane: str | None
    older_than: timedelta | None
    newer_than: timedelta | None

    @property
    def by_properties(self) -> bool:
        """Whether jobs are selected by what they are."""
        return any(each is not None for each in (self.code, self.lane, self.older_than, self.newer_than))

    @property
    def selects(self) -> bool:
        """Whether anything leaves jobs out."""
        return bool(self.ids) or self.by_properties

    def nothing(self, pool: Pool) -> str:
        """That no job is meant; a lane may be mistyped, or have left the pool."""
        lanes = [each.name for each in pool.document.lanes]
        if self.lane is None or self.lane in lanes:
            return "no failed jobs match" if self.selects else "no failed jobs"
        return printable(f"no failed jobs match: the pool has no lane {self.lane}; it has {', '.join(lanes)}")

    def rows(self, pool: Pool) -> list[Row]:
        """What is meant; entries that can't be read are told of."""
        unreadable: list[Unreadable] = []
        found = pool.failed.list(
            self.ids,
            code=self.code,
            lane=self.lane,
            older_than=self.older_than,
            newer_than=self.newer_than,
            unreadable=unreadable.append,
        )
        rows = [Row.of(job) for job in found]
        if unreadable:
            say(unreadable_line([each.key for each in unreadable]))
        return rows


def wanted(
    ids: list[str] | None, code: ErrorCode | None, lane: str | None, older: str | None, newer: str | None
) -> Wanted:
    """What the command line says."""
    return Wanted(ids or None, code, lane, _age(older, "--older-than"), _age(newer, "--newer-than"))


def _age(text: str | None, option: str) -> timedelta | None:
    from laneway.schema.shared.base import duration_seconds  # noqa: PLC0415 - costs what `--help` should not pay

    if text is None:
        return None
    try:
        return timedelta(seconds=duration_seconds(text))
    except ValueError as error:
        fail(f"{option} {error}", Exit.USAGE)


def per_second(text: str) -> float:
    """A rate such as `30/m`."""
    match = RATE.fullmatch(text)
    if match is None or not float(match[1]):
        fail("--rate should be a number a second, minute or hour, such as 10/s, 30/m or 600/h", Exit.USAGE)
    return float(match[1]) / SECONDS[match[2]]
