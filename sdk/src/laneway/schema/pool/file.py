"""Pools and placement profiles in YAML, with the line, field, value and remedy of all that is wrong with them. Pure."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.pool.profile import PlacementProfile, parse_profile
from laneway.schema.shared.base import shown, twice
from laneway.schema.shared.names import GROUP, KIND, PROFILE_KIND
from laneway.schema.shared.problems import causes, problem
from laneway.schema.shared.yaml_dialect import MERGE, TAGS
from laneway.schema.shared.yaml_plain import read_plain
from laneway.schema.shared.yaml_text import NOT_YAML, bad_yaml, roots, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydantic import BaseModel

MAX_VALUE_SHOWN = 60
MOST_PROBLEMS = 100
"""Whose lines are looked for: each takes a walk through the file, and nobody mends more at once."""
MARK = "\ufeff"
NO_OBJECT = "should be one object with apiVersion, kind, metadata and spec"
NO_POOL = f"there is no pool in it: no object of kind {KIND}"
NO_PROFILE = f"there is no placement profile in it: no object of kind {PROFILE_KIND}"
NEITHER = f"there is no pool in it, and no placement profile: no object of kind {KIND} or {PROFILE_KIND}"
HELM_VALUES = (
    f"these are Helm values: write each profile as an object of kind {PROFILE_KIND}, or have Helm do it: helm template "
    "laneway charts/laneway --show-only templates/profiles.yaml --values "
)
PARSERS: dict[str, tuple[type[BaseModel], Callable[[Any], LLMWorkerPool | PlacementProfile]]] = {
    KIND: (LLMWorkerPool, parse_pool),
    PROFILE_KIND: (PlacementProfile, parse_profile),
}


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


@dataclass(frozen=True)
class Other:
    """An object beside the pools, which nobody looks at."""

    line: int
    kind: str


@dataclass(frozen=True)
class PoolFile:
    """What stands in a file: pools, placement profiles, or both."""

    pools: tuple[LLMWorkerPool, ...]
    others: tuple[Other, ...]
    profiles: tuple[PlacementProfile, ...] = ()


def read_pools(data: str | bytes, name: str) -> PoolFile:
    """As `read_objects`, of a file that has a pool."""
    return needs_pool(read_objects(data, name), name)


def needs_either(found: PoolFile, name: str) -> PoolFile:
    """The same; raises `PoolFileError` where neither a pool nor a placement profile is in it."""
    if not (found.pools or found.profiles):
        raise PoolFileError(name, [Problem(0, _only(NEITHER, found))])
    return found


def needs_pool(found: PoolFile, name: str) -> PoolFile:
    """The same; raises `PoolFileError` where no pool is in it."""
    if not found.pools:
        raise PoolFileError(name, [Problem(0, _only(NO_POOL, found))])
    return found


def read_profiles(data: str | bytes, name: str) -> tuple[PlacementProfile, ...]:
    """The placement profiles of a YAML text; what stands beside them is passed over. Raises `PoolFileError`."""
    found = read_objects(data, name)
    if not found.profiles:
        raise PoolFileError(name, [Problem(0, _only(NO_PROFILE, found))])
    return found.profiles


def read_objects(data: str | bytes, name: str) -> PoolFile:
    """Validate every pool and placement profile of a YAML text, as kubectl takes it and prints it: several documents,
    empty ones among them, objects of other kinds, lists of objects, a `status`. Raises `PoolFileError`.
    """
    try:
        found = [each for root in roots(data) for each in _objects(root)]
    except NOT_YAML as error:
        raise _no_yaml(name, error) from None
    others = tuple(Other(_line(each), shown(_text(each, "kind"))) for each in found if _is_other(each))
    ours, wrong = [], []
    for each in found:
        if not _is_other(each):
            try:
                ours.append(_object(each, name))
            except PoolFileError as error:
                wrong += error.problems
    read = PoolFile(
        tuple(each for each in ours if isinstance(each, LLMWorkerPool)),
        others,
        tuple(each for each in ours if isinstance(each, PlacementProfile)),
    )
    wrong += _twice(read) if not wrong else []
    if wrong:
        raise PoolFileError(name, wrong)
    return read


def _no_yaml(name: str, error: Exception) -> PoolFileError:
    found = bad_yaml(error)
    return PoolFileError(name, [Problem(found.line, found.words)])


def _objects(root: yaml.Node) -> Iterator[yaml.Node]:
    """What stands in a document: nothing, an object, or those of a list."""
    items = _field(root, "items")
    if isinstance(items, yaml.SequenceNode) and _text(root, "kind").endswith("List"):
        for each in items.value:
            yield from _objects(each)
    elif root.tag != TAGS[type(None)]:
        yield root


def _is_other(node: yaml.Node) -> bool:
    """Whether it is certainly none of ours: what has no kind may have been meant for a pool."""
    kind, version = _text(node, "kind"), _text(node, "apiVersion")
    return bool(kind and version) and kind not in PARSERS and not version.startswith(f"{GROUP}/")


def _twice(found: PoolFile) -> Iterator[Problem]:
    pool, profile = twice(each.full_name for each in found.pools), twice(each.metadata.name for each in found.profiles)
    for name in (f"pool {pool}" if pool else None, f"placement profile {profile}" if profile else None):
        if name is not None:
            yield Problem(0, f"the {name} stands in it twice; keep one")


def _only(words: str, found: PoolFile) -> str:
    ours = ((KIND, found.pools), (PROFILE_KIND, found.profiles))
    kinds = [*(kind for kind, there in ours if there), *(each.kind for each in found.others)]
    only = ", ".join(dict.fromkeys(kinds))
    return f"{words}{f', only {only}' if only else ''}"


def _meant(kind: str) -> str:
    """The kind of ours that is most like this one; a pool, where none is."""
    return next(iter(difflib.get_close_matches(kind, PARSERS, 1)), KIND)


def _object(root: yaml.Node, name: str) -> LLMWorkerPool | PlacementProfile:
    if not isinstance(root, yaml.MappingNode):
        raise PoolFileError(name, [Problem(_line(root), NO_OBJECT)])
    if _field(root, "placementProfiles") is not None and not _text(root, "kind"):
        raise PoolFileError(name, [Problem(_line(root), f"{HELM_VALUES}{name}")])
    bad = list(_bad_keys(root))
    if bad:
        raise PoolFileError(name, bad)
    model, parse = PARSERS[_meant(_text(root, "kind"))]
    try:
        document = value_of(root)
        document.pop("status", None)  # the operator's, which nobody writes and `kubectl get` prints
        return parse(document)
    except ValidationError as error:
        wrong = [_problem(root, each, model) for each in causes(error)[:MOST_PROBLEMS]]
        raise PoolFileError(name, sorted(wrong, key=lambda each: each.line)) from None
    except NOT_YAML as error:
        raise _no_yaml(name, error) from None


def _problem(root: yaml.MappingNode, error: Any, model: type[BaseModel]) -> Problem:
    line, value = _place(root, error["loc"])
    return Problem(line, problem(error, model) + _found(error["type"], error["input"], value))


def _found(kind: str, value: Any, written: str) -> str:
    """What stands there, where that is short and helps."""
    if kind == "extra_forbidden" or isinstance(value, dict | list):
        return ""
    if value is None:
        return "; it is empty"
    if kind == "string_too_long":
        return f", not {len(value)}"
    if kind == "string_type":
        return f"; it is read as {json.dumps(value)}" if written != json.dumps(value) else ""
    if not isinstance(value, str):
        return f", not {json.dumps(value)}"
    return f", not {value[:MAX_VALUE_SHOWN]!r}{'…' if len(value) > MAX_VALUE_SHOWN else ''}"


def _place(root: yaml.Node, path: Sequence[str | int]) -> tuple[int, str]:
    """The line of a field, or of the nearest thing around it that is there; and what is written, where it is no more
    than a text.
    """
    node, line = root, _line(root)
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                break
            key, node = found[-1]
            line = _line(key)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = _line(node)
    return line, node.value if isinstance(node, yaml.ScalarNode) else ""


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _field(node: yaml.Node, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)


def _text(node: yaml.Node, name: str) -> str:
    found = _field(node, name)
    return found.value if isinstance(found, yaml.ScalarNode) and found.tag == TAGS[str] else ""


def _bad_keys(root: yaml.Node) -> Iterator[Problem]:
    """Keys that stand twice in one object, and those that are no texts. An alias is looked at once."""
    todo, seen = [root], {id(root)}
    while todo:
        node = todo.pop()
        children = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            yield from _bad_keys_of(node)
            children = [value for _, value in node.value]
        new = [each for each in children if id(each) not in seen]
        seen.update(map(id, new))
        todo += new


def _bad_keys_of(node: yaml.MappingNode) -> Iterator[Problem]:
    names: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in names:
            yield Problem(_line(key), f"the key {shown(str(key.value))} stands twice; keep one")
        names.add(str(key.value))
        if str(key.value).startswith(MARK):
            yield Problem(_line(key), f"the key {shown(str(key.value))} begins with a byte order mark: remove it")
        if isinstance(key, yaml.ScalarNode) and key.tag not in (TAGS[str], MERGE):
            found = json.dumps(read_plain(key.value))
            if found in ("null", "NaN") or found != key.value:
                yield Problem(_line(key), f"the key {shown(key.value)} is read as {found}: write it in quotes")
