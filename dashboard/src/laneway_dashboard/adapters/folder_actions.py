"""Actions as files in a folder that is the dashboard's alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway_dashboard.ports.actions import Plan, Progress

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = 0o700
MOST_KEPT = 200  # actions: the oldest are forgotten


class FolderActions:
    """`<id>.plan.json`, written once, and `<id>.progress.json`."""

    def __init__(self, folder: Path) -> None:
        """Made where it is missing; raises `OSError`."""
        self._folder = folder
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)

    def load(self) -> list[tuple[Plan, Progress]]:
        """What can't be read is passed over: it was of another version."""
        plans = sorted(self._folder.glob("*.plan.json"), key=lambda each: each.stat().st_mtime)
        for old in plans[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
            self._progress(old.name.removesuffix(".plan.json")).unlink(missing_ok=True)
        found = (self._read(each) for each in plans[-MOST_KEPT:])
        return [each for each in found if each is not None]

    def _read(self, path: Path) -> tuple[Plan, Progress] | None:
        try:
            plan = Plan.model_validate_json(path.read_bytes())
            progress = self._progress(plan.id)
            begun = progress.read_bytes() if progress.exists() else None
            return plan, Progress(state="running") if begun is None else Progress.model_validate_json(begun)
        except (OSError, ValidationError):
            return None

    def begin(self, plan: Plan) -> None:
        """On the disk before anything is done."""
        _write(self._folder / f"{plan.id}.plan.json", plan.model_dump_json())

    def save(self, action_id: str, progress: Progress) -> None:
        """Over what was there."""
        _write(self._progress(action_id), progress.model_dump_json())

    def _progress(self, action_id: str) -> Path:
        return self._folder / f"{action_id}.progress.json"


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for the user alone."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
