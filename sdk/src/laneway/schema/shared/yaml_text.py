"""YAML whose aliases may not grow without end, and what PyYAML says of a text that it can't read, in one line."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)
"""What PyYAML raises: ValueError of a date that there is not, RecursionError of what is nested too deep."""
_ADVICE = {"another document": "; give each pool a file of its own", r"'\t'": "; indent with spaces, not with tabs"}
"""Part of PyYAML's words → what to do."""


MAX_NODES = 100_000  # values of one document, an alias counted as all that it stands for; a pool of 16 lanes has 2,000


class BadYAML(NamedTuple):
    """Where a text is not YAML, and why."""

    line: int
    """0 where PyYAML doesn't tell."""
    column: int
    words: str

    def __str__(self) -> str:
        """In one line."""
        return f"line {self.line}, column {self.column}: {self.words}" if self.line else self.words


def read_yaml(text: str | bytes) -> list[Any]:
    """Every document; raises what `NOT_YAML` holds."""
    for root in yaml.compose_all(text, Loader=yaml.SafeLoader):
        refuse_growth(root)
    return list(yaml.safe_load_all(text))


def refuse_growth(root: yaml.Node | None) -> None:
    """Aliases of aliases make gigabytes of a few lines: refused before anything is made; raises `YAMLError`."""
    if root is not None and _size(root, {}) > MAX_NODES:
        words = f"its aliases stand for more than {MAX_NODES:,} values; write them out"
        raise yaml.MarkedYAMLError(problem=words, problem_mark=root.start_mark)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Values in a node, each node looked at once; what holds itself is too large."""
    if id(node) not in known:
        known[id(node)] = MAX_NODES + 1
        known[id(node)] = min(MAX_NODES + 1, 1 + sum(_size(each, known) for each in _within(node)))
    return known[id(node)]


def _within(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def bad_yaml(error: Exception) -> BadYAML:
    """What PyYAML says in several lines."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return BadYAML(0, 0, f"not YAML: {str(error).splitlines()[0]}")
    words = ": ".join(each for each in (getattr(error, "context", None), getattr(error, "problem", None)) if each)
    advice = next((advice for part, advice in _ADVICE.items() if part in words), "")
    return BadYAML(mark.line + 1, mark.column + 1, f"not YAML: {words}{advice}")
