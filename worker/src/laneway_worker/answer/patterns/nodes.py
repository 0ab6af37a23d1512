"""What a pattern is, once it is read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_worker.answer.patterns.characters import Set


class Unreadable(Exception):
    """The pattern holds what can't be written for Ollama."""


@dataclass(frozen=True)
class Chars:
    """One of some characters."""

    of: Set


@dataclass(frozen=True)
class Edge:
    """`^` or `$`."""

    begins: bool


@dataclass(frozen=True)
class Sequence:
    """One after another; none at all is the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of several."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """A part so many times; `most` of None is for ever."""

    part: Node
    least: int
    most: int | None


Node = Chars | Edge | Sequence | Choice | Repeat
EMPTY = Sequence(())


def choice_of(options: tuple[Node, ...]) -> Node:
    """One of them, where there are several."""
    if not options:
        return EMPTY
    return options[0] if len(options) == 1 else Choice(options)
