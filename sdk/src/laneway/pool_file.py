"""Reading a pool from YAML, with the line, field, value and remedy of everything that is wrong with it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from laneway.schema.base import causes, location, problem
from laneway.schema.pool import LLMWorkerPool, parse_pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_FILE_BYTES = 256 * 1024
MAX_VALUE_SHOWN = 60
ALIKE = 0.7
"""Below it, two names are too different for one to be meant by the other."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    line: int
    message: str


class PoolFileError(Exception):
    """A pool file that can't be used; `str()` has one line a problem."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        """`name` is the file as the user named it."""
        super().__init__("\n".join(f"{name}:{each.line}: {each.message}" for each in problems))
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
        document = yaml.safe_load(data)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise PoolFileError(name, [Problem(line, f"not YAML: {error.problem or error.context}")]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PoolFileError(name, [Problem(0, f"not YAML: {str(error).splitlines()[0]}")]) from None
    if not isinstance(root, yaml.MappingNode):
        raise PoolFileError(name, [Problem(1, "should be one object with apiVersion, kind, metadata and spec")])
    twice = list(_keys_twice(root))
    if twice:
        raise PoolFileError(name, twice)
    try:
        return parse_pool(document)
    except ValidationError as error:
        found = [_problem(root, each) for each in causes(error)]
        raise PoolFileError(name, sorted(found, key=lambda each: each.line)) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise PoolFileError(name, [Problem(1, f"can't be written as JSON: {error}")]) from None


def _problem(root: yaml.MappingNode, error: Any) -> Problem:
    where = error["loc"]
    message = problem(error)
    if error["type"] == "extra_forbidden":
        message += f"; {_remedy(str(where[-1]))}"
    elif error["type"] == "missing":
        message = f"{location(where)}: is missing; add it"
    elif error["type"] == "string_type" and isinstance(error["input"], bool | int | float):
        message += ": write it in quotes"
    elif not isinstance(error["input"], dict | list):
        message += f", not {str(error['input'])[:MAX_VALUE_SHOWN]!r}"
    return Problem(_line(root, where), message)


def _remedy(unknown: str) -> str:
    homes = _homes()
    if unknown in homes:
        return f"it belongs in {' or '.join(homes[unknown])}"
    close = difflib.get_close_matches(unknown, sorted(homes), n=1, cutoff=ALIKE)
    return f"did you mean {close[0]}?" if close else "remove it"


def _homes() -> dict[str, list[str]]:
    """Every field name of a pool, as written in YAML → the fields that hold it."""
    homes: dict[str, set[str]] = {}
    todo: list[tuple[str, type[BaseModel]]] = [("the pool itself", LLMWorkerPool)]
    for home, model in todo:
        for name, field in model.model_fields.items():
            written = field.alias or name
            homes.setdefault(written, set()).add(home)
            todo += [(written, each) for each in _models(field.annotation)]
    return {name: sorted(found) for name, found in homes.items()}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a field's type: its own, or those of an optional one or of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for part in get_args(annotation) for each in _models(part)]


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
