"""Reads a chart's values.yaml with its comments: the one source of its JSON Schema and README.

The comment above a value says what it is. In it, a line `@ {…}` adds to the value's JSON Schema, and what follows
`For example:` is YAML that could stand in the value's place. A line `@gone {name: words}` above a group names what was
in it once: whoever still sets it is told the words. `# == Title ==` begins a section; the file's first comment is the
README's introduction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION = re.compile(r"^# == (.+) ==$")
SCHEMA = "@ "
GONE = "@gone "
EXAMPLE = "For example:"


class ValuesError(Exception):
    """A value that doesn't follow the grammar; the message names it."""


@dataclass(frozen=True)
class Comment:
    """What stands above a value."""

    text: str
    schema: dict[str, Any]
    example: str
    gone: dict[str, str]
    """Name → what to write today."""


@dataclass(frozen=True)
class Value:
    """One key of values.yaml."""

    path: str
    """Such as `image.operator.tag`."""
    comment: Comment
    default: Any
    section: str
    children: tuple[Value, ...] = ()
    """Of a group: a mapping without a schema of its own."""

    @property
    def name(self) -> str:
        """Its key."""
        return self.path.rpartition(".")[2]

    def leaves(self) -> Iterator[Value]:
        """What can be set: itself, or what is in the group."""
        if not self.children:
            yield self
        for each in self.children:
            yield from each.leaves()


@dataclass(frozen=True)
class Document:
    """A values.yaml."""

    introduction: str
    values: tuple[Value, ...]

    def leaves(self) -> Iterator[Value]:
        """Everything that can be set, in the file's order."""
        for each in self.values:
            yield from each.leaves()


@dataclass(frozen=True)
class _Source:
    lines: list[str] = field(repr=False)

    def above(self, line: int, column: int) -> list[str]:
        """The comment that ends right above a line, at its indentation."""
        start = " " * column + "#"
        first = line
        while first > 0 and self.lines[first - 1].startswith(start):
            first -= 1
        return [_plain(each) for each in self.lines[first:line]]

    def section(self, line: int) -> str:
        """The last title above a line."""
        titles = (SECTION.match(each) for each in reversed(self.lines[:line]))
        return next((each[1] for each in titles if each), "")

    def introduction(self) -> str:
        """The file's first comment."""
        end = next((number for number, each in enumerate(self.lines) if not each.startswith("#")), len(self.lines))
        return "\n".join(_plain(each) for each in self.lines[:end])


def parse_values(text: str) -> Document:
    """Raises `ValuesError`."""
    source = _Source(text.splitlines())
    node, defaults = yaml.compose(text), yaml.safe_load(text) or {}
    return Document(source.introduction(), tuple(_values(source, node, defaults, "")))


def _values(source: _Source, node: yaml.Node | None, defaults: dict[str, Any], before: str) -> Iterator[Value]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        yield _value(source, key, value, defaults[key.value], before + key.value)


def _value(source: _Source, key: yaml.Node, node: yaml.Node, default: Any, path: str) -> Value:
    mark = key.start_mark
    comment = _comment(source.above(mark.line, mark.column), path)
    section = source.section(mark.line)
    children: tuple[Value, ...] = ()
    if isinstance(node, yaml.MappingNode) and not comment.schema:
        children = tuple(_values(source, node, default, f"{path}."))
    return Value(path, comment, default, section, children)


def _comment(lines: list[str], path: str) -> Comment:
    end = lines.index(EXAMPLE) if EXAMPLE in lines else len(lines)
    text = "\n".join(each for each in lines[:end] if not each.startswith((SCHEMA, GONE))).strip()
    if not text:
        raise ValuesError(f"{path} has no comment: say above it what it is")
    return Comment(text, _marked(lines[:end], SCHEMA), "\n".join(lines[end + 1 :]), _marked(lines[:end], GONE))


def _marked(lines: list[str], mark: str) -> dict[str, Any]:
    """What stands behind a mark, of all lines that have it."""
    found = [yaml.safe_load(each.removeprefix(mark)) for each in lines if each.startswith(mark)]
    return {name: each for part in found for name, each in part.items()}


def _plain(line: str) -> str:
    return line.strip().removeprefix("#").removeprefix(" ")
