"""Reads patterns by an allow-list: https://tc39.es/ecma262/#sec-patterns, as far as people use them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from laneway_worker.answer.patterns.characters import ANY, DIGITS, LINE_ENDS, SPACES, WORDS, Set, minus, one
from laneway_worker.answer.patterns.nodes import (
    EMPTY,
    Chars,
    Choice,
    Edge,
    Node,
    Repeat,
    Sequence,
    Unreadable,
    choice_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_DEEP = 40  # groups in groups
MOST_REPEATS = 2_000  # llama.cpp: MAX_REPETITION_THRESHOLD; what is more is left open
CLASSES = {"d": DIGITS, "w": WORDS, "s": SPACES}
CLASSES |= {name.upper(): minus(ANY, each) for name, each in CLASSES.items()}
CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
HEX = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}")
QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]{1,6})(,?)([0-9]{0,6})\})\??")
LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
GROUP = re.compile(r"\((?!\?)|\(\?:|\(\?P?<[A-Za-z_][A-Za-z0-9_]*>")


class Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._deep = 0

    def read(self) -> Node:
        """All of it; raises `Unreadable`."""
        node = self._choice()
        if self._at < len(self._text):
            raise Unreadable  # a `)` too many
        return node

    def _choice(self) -> Node:
        self._deep += 1
        if self._deep > MOST_DEEP:
            raise Unreadable
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        self._deep -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            part = self._part()
            if part is not None:
                parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self) -> Node | None:
        """None: an assertion, which the grammar goes without; the check of the answer has it."""
        if self._text.startswith(LOOKS, self._at):
            self._look()
            return None
        group = GROUP.match(self._text, self._at)
        if group:
            return self._group(group.end())
        character = self._next()
        reading: dict[str, Callable[[], Node | None]] = {
            "^": lambda: Edge(begins=True),
            "$": lambda: Edge(begins=False),
            ".": lambda: Chars(minus(ANY, LINE_ENDS)),
            "[": self._class,
            "\\": self._escape,
        }
        if character in "(*+?{":
            raise Unreadable
        return reading.get(character, lambda: Chars(one(character)))()

    def _group(self, begin: int) -> Node:
        self._at = begin
        node = self._choice()
        if not self._take(")"):
            raise Unreadable
        return node

    def _look(self) -> None:
        self._group(self._at + (4 if self._text[self._at + 2] == "<" else 3))
        if QUANTIFIER.match(self._text, self._at):
            raise Unreadable

    def _repeated(self, part: Node) -> Node:
        found = QUANTIFIER.match(self._text, self._at)
        if found is None:
            return part
        if isinstance(part, Edge):
            raise Unreadable
        self._at = found.end()
        sign, least, comma, most = found.groups()
        if sign:
            return _repeat(part, 1 if sign == "+" else 0, 1 if sign == "?" else None)
        return _repeat(part, int(least), (int(most) if most else None) if comma else int(least))

    def _escape(self) -> Node | None:
        character = self._next()
        if character in "bB":
            return None
        if character in CLASSES:
            return Chars(CLASSES[character])
        return Chars(one(self._escaped(character)))

    def _escaped(self, character: str) -> str:
        """What an escape stands for; `character` is the one after the backslash."""
        found = HEX.match(self._text, self._at - 1)
        if found:
            self._at = found.end()
            return chr(min(int(next(filter(None, found.groups())), 16), 0x10FFFF))
        if character in CONTROLS:
            return CONTROLS[character]
        if character.isalnum() or not character.isascii():
            raise Unreadable  # a back-reference, a property of Unicode, or what regular expressions don't have
        return character

    def _class(self) -> Node:
        negated = self._take("^")
        found: Set = ()
        while not self._take("]"):
            found += self._range()
        return Chars(minus(ANY, found) if negated else found)

    def _range(self) -> Set:
        first = self._of_class()
        if self._text[self._at : self._at + 1] != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return first
        self._at += 1
        last = self._of_class()
        if len(first) != 1 or len(last) != 1 or first[0][0] != first[0][1] or last[0][0] < first[0][0]:
            raise Unreadable
        return ((first[0][0], last[0][1]),)

    def _of_class(self) -> Set:
        character = self._next()
        if character == "[" or self._text.startswith(("&&", "--", "~~"), self._at):
            raise Unreadable  # classes in classes, and what engines make of them
        if character != "\\":
            return one(character)
        escaped = self._next()
        if escaped in CLASSES:
            return CLASSES[escaped]
        return one("\b" if escaped == "b" else self._escaped(escaped))

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise Unreadable
        self._at += 1
        return self._text[self._at - 1]

    def _take(self, character: str) -> bool:
        taken = self._text.startswith(character, self._at)
        self._at += taken
        return taken


def _repeat(part: Node, least: int, most: int | None) -> Node:
    """A repeat of what can't be empty: Ollama's runner dies of others."""
    if most is not None and least > most:
        raise Unreadable
    if most == 0 or part == EMPTY:
        return EMPTY
    if (most, least) == (1, 1):
        return part
    if _may_be_empty(part):
        part, least = _not_empty(part), 0
    least = min(least, MOST_REPEATS)
    return Repeat(part, least, None if most is None or most > MOST_REPEATS else most)


def _may_be_empty(node: Node) -> bool:
    match node:
        case Repeat(part=part, least=least):
            return least == 0 or _may_be_empty(part)
        case Sequence(parts=parts):
            return all(map(_may_be_empty, parts))
        case Choice(options=options):
            return any(map(_may_be_empty, options))
        case Edge():
            raise Unreadable
        case _:
            return False


def _not_empty(node: Node) -> Node:
    """The same without the empty text."""
    match node:
        case Repeat(part=part, most=most):
            return Repeat(_not_empty(part) if _may_be_empty(part) else part, 1, most)
        case Choice(options=options):
            rest = (each for each in options if each != EMPTY)
            return choice_of(tuple(_not_empty(each) if _may_be_empty(each) else each for each in rest))
        case _:
            raise Unreadable
