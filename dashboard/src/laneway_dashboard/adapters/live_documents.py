"""The documents that the workers of a pool on this machine read again and again: how a lane is paused there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.schedules.cron import parse_cron
from laneway.schema.pool.schedules.schedule import asleep
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.ports.watching import SleepSeen

if TYPE_CHECKING:
    from pathlib import Path

    from laneway.schema.pool.schedules.schedule import Period


class LiveDocuments:
    """`<state>/live/<lane>.json`; whoever may write there may pause. `laneway up` writes them anew when it starts."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder

    def of(self, lane: str, now: datetime) -> tuple[bool | None, tuple[SleepSeen, ...]]:
        """Whether it is paused, and when it sleeps; (None, ()) where that can't be read."""
        try:
            found = self._read(lane)
        except Unavailable:
            return None, ()
        return found.suspended, tuple(_sleep(each, now) for each in found.quiet)

    def pause(self, lane: str) -> None:
        """Its worker reads it within seconds."""
        self._write(lane, suspended=True)

    def resume(self, lane: str) -> None:
        """As above."""
        self._write(lane, suspended=False)

    def _read(self, lane: str) -> LiveConfig:
        path = self._path(lane)
        try:
            return LiveConfig.model_validate_json(path.read_bytes())
        except OSError as error:
            raise Unavailable(f"{path} can't be read: {error.strerror}; does `laneway up` run here?") from error
        except ValidationError as error:
            raise Unavailable(f"{path} is not readable by this version; start `laneway up` again") from error

    def _write(self, lane: str, *, suspended: bool) -> None:
        """Whole or not at all: the worker may read it at any moment."""
        path, document = self._path(lane), self._read(lane).model_copy(update={"suspended": suspended})
        draft = path.with_suffix(".paused")
        try:
            draft.write_text(document.model_dump_json(indent=2) + "\n")
            draft.replace(path)
        except OSError as error:
            raise Unavailable(f"{path} can't be written: {error.strerror}") from error

    def _path(self, lane: str) -> Path:
        return self._folder / f"{lane}.json"


def _sleep(period: Period, now: datetime) -> SleepSeen:
    zone = ZoneInfo(period.timezone)
    sleeps = asleep(False, (period,), now)  # noqa: FBT003 - nobody has suspended it
    turns = parse_cron(period.end if sleeps else period.start).next_after(now.astimezone(UTC), zone)
    return SleepSeen(period.timezone, period.start, period.end, sleeps, turns)
