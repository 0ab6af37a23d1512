"""Texts that are planted in jobs and in their answers, and one gate for all real processes of a test run: no log, no
page of metrics, no event and no notification may hold them. `tests/conftest.py` asks it at the end of every run.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROMPT = "quokkafjord"
"""Stands in prompts, system texts, messages and schemas; the stub of Ollama repeats it in its answers."""
ANSWER = "30, 31, 32, 33"
"""Stands in the answer to every job that counts."""
PLANTED = (PROMPT, ANSWER)
SHOWN = 160  # characters of a line that holds one


class Gate:
    """Collects what processes have told."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._watched: set[Path] = set()

    def watch(self, path: Path) -> None:
        """A log, or a folder of logs, that stays until the end of the run; it may not be there yet."""
        self._watched.add(path)

    def saw(self, text: str, where: str) -> str:
        """Text that was told, and is given back; `where` says by whom."""
        self._found += hits(text.splitlines(), where)
        return text

    def read(self, path: Path) -> None:
        """A log, or a folder of logs, that will be removed; the kubelet of a node that runs removes some meanwhile."""
        for file in _files(path):
            with suppress(FileNotFoundError), file.open(errors="replace") as lines:
                self._found += hits(lines, str(file))

    def found(self) -> list[str]:
        """Every line that holds a planted text, with its place."""
        while self._watched:
            self.read(self._watched.pop())
        return self._found


def hits(lines: Iterator[str] | list[str], where: str) -> list[str]:
    """The lines that hold a planted text."""
    return [
        f"{where}:{number}: {line.strip()[:SHOWN]}"
        for number, line in enumerate(lines, 1)
        if any(text in line for text in PLANTED)
    ]


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.log"))


GATE = Gate()
watch, saw, read = GATE.watch, GATE.saw, GATE.read
