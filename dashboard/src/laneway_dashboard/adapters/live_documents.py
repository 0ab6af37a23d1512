"""The documents that the workers of a pool on this machine read again and again: how a lane is paused there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.pool.documents.live_config import LiveConfig
from laneway_dashboard.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path


class LiveDocuments:
    """`<state>/live/<lane>.json`; whoever may write there may pause. `laneway up` writes them anew when it starts."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder

    def is_paused(self, lane: str) -> bool | None:
        """None where that can't be read."""
        try:
            return self._read(lane).suspended
        except Unavailable:
            return None

    @staticmethod
    def stage(lane: str) -> str:
        """Nobody but the workers knows."""
        del lane
        return ""

    def pause(self, lane: str, who: str) -> None:
        """Its worker reads it within seconds; there is nobody here to tell who asked, but the log."""
        del who
        self._write(lane, suspended=True)

    def resume(self, lane: str, who: str) -> None:
        """As above."""
        del who
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
