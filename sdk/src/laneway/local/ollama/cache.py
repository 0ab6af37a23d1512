"""The user's cache: the built Ollama and the models, shared by every pool of this user."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from laneway.local.say import Say


class Cache:
    """Paths below `$LANEWAY_CACHE`, else `$XDG_CACHE_HOME/laneway`, else `~/.cache/laneway`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Made where it is missing; raises `LocalError`."""
        base = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        self.root = Path(environment.get("LANEWAY_CACHE") or Path(base) / "laneway")
        self.models = self.root / "models"
        try:
            self.models.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LocalError(f"can't use {self.root} as cache: {error.strerror}; name another: LANEWAY_CACHE") from None

    def require_space(self, needed: int, purpose: str) -> None:
        """Refuse what `needed` bytes would not hold; raises `LocalError`."""
        free = shutil.disk_usage(self.root).free
        if free < needed:
            raise LocalError(
                f"{purpose} needs {needed / 1e9:.1f} GB, {self.root} has {free / 1e9:.1f} GB free; make room, or name "
                "another folder: LANEWAY_CACHE"
            )

    @contextmanager
    def locked(self, say: Say) -> Iterator[None]:
        """One at a time fills the cache; the others wait, say so, and then find it filled."""
        with (self.root / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say.line(f"waiting: another process is filling {self.root}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
