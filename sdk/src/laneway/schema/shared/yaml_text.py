"""What PyYAML says of a text that it can't read, in one line."""

from __future__ import annotations

from typing import NamedTuple

import yaml

NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)
"""What PyYAML raises: ValueError of a date that there is not, RecursionError of what is nested too deep."""
_ADVICE = {"another document": "; give each pool a file of its own", r"'\t'": "; indent with spaces, not with tabs"}
"""Part of PyYAML's words → what to do."""


class BadYAML(NamedTuple):
    """Where a text is not YAML, and why."""

    line: int
    """0 where PyYAML doesn't tell."""
    column: int
    words: str

    def __str__(self) -> str:
        """In one line."""
        return f"line {self.line}, column {self.column}: {self.words}" if self.line else self.words


def bad_yaml(error: Exception) -> BadYAML:
    """What PyYAML says in several lines."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return BadYAML(0, 0, f"not YAML: {str(error).splitlines()[0]}")
    words = ": ".join(each for each in (getattr(error, "context", None), getattr(error, "problem", None)) if each)
    advice = next((advice for part, advice in _ADVICE.items() if part in words), "")
    return BadYAML(mark.line + 1, mark.column + 1, f"not YAML: {words}{advice}")
