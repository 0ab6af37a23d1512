"""Reading a pool from YAML, with the line, field, value and remedy of everything that is wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.shared.problems import causes, problem
from laneway.schema.shared.yaml_text import NOT_YAML, bad_yaml, refuse_growth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_FILE_BYTES = 256 * 1024
MAX_VALUE_SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    line: int
    """0: of the file as a whole."""
    message: str

    def said_of(self, name: str) -> str:
        """In one line, as editors and people look for it."""
        return f"{name}:{self.line}: {self.message}" if self.line else f"{name}: {self.message}"


class PoolFileError(Exception):
    """A pool file that can't be used; `str()` has one line a problem."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        """`name` is the file as the user named it."""
        super().__init__("\n".join(each.said_of(name) for each in problems))
        self.problems = list(problems)


def load_pool(path: Path) -> LLMWorkerPool:
    """Read and validate a pool file; raises `PoolFileError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PoolFileError(str(path), [Problem(0, f"can't be read: {error.strerror}")]) from None
    if len(data) > MAX_FILE_BYTES:
        raise PoolFileError(str(path), [Problem(0, f"has {len(data):,} bytes; a pool has at most {MAX_FILE_BYTES:,}")])
    return read_pool(data, str(path))


def read_pool(data: bytes, name: str) -> LLMWorkerPool:
    """Validate a pool's YAML; raises `PoolFileError`."""
    try:
        root = yaml.compose(data, Loader=yaml.SafeLoader)
        refuse_growth(root)
        document = yaml.safe_load(data)
    except NOT_YAML as error:
        found = bad_yaml(error)
        raise PoolFileError(name, [Problem(found.line, found.words)]) from None
    if not isinstance(root, yaml.MappingNode):
        raise PoolFileError(name, [Problem(1, "should be one object with apiVersion, kind, metadata and spec")])
    twice = list(_keys_twice(root))
    if twice:
        raise PoolFileError(name, twice)
    try:
        return parse_pool(document)
    except ValidationError as error:
        wrong = [_problem(root, each) for each in causes(error)]
        raise PoolFileError(name, sorted(wrong, key=lambda each: each.line)) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise PoolFileError(name, [Problem(1, f"can't be written as JSON: {error}")]) from None


def _problem(root: yaml.MappingNode, error: Any) -> Problem:
    return Problem(_line(root, error["loc"]), problem(error, LLMWorkerPool) + _found(error["type"], error["input"]))


def _found(kind: str, value: Any) -> str:
    """What stands there, where that is short and helps."""
    if kind == "extra_forbidden" or isinstance(value, dict | list):
        return ""
    if value is None:
        return "; it is empty"
    if kind == "string_too_long":
        return f", not {len(value)}"
    if not isinstance(value, str):
        return "" if kind == "string_type" else f", not {json.dumps(value)}"
    return f", not {value[:MAX_VALUE_SHOWN]!r}{'…' if len(value) > MAX_VALUE_SHOWN else ''}"


def _line(root: yaml.Node, path: Sequence[str | int]) -> int:
    """The line of a field, or of the nearest thing around it that is there."""
    node, line = root, root.start_mark.line
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return line + 1


def _keys_twice(root: yaml.Node) -> Iterator[Problem]:
    """Keys that stand twice in one mapping. An alias is looked at once, however often it is used."""
    todo, seen = [root], {id(root)}
    while todo:
        node = todo.pop()
        children = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                if str(key.value) in names:
                    yield Problem(key.start_mark.line + 1, f"the key {key.value} stands twice; keep one")
                names.add(str(key.value))
                children.append(value)
        new = [each for each in children if id(each) not in seen]
        seen.update(map(id, new))
        todo += new
