"""Places in a document, and what a field that is not one was meant to be: said only where it is all but sure. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

from laneway.schema.shared.base import MAX_NAME_SHOWN, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

    Path = Sequence[str | int]
    Step = tuple[Path, type[BaseModel]]

TOP = "the top level"
ALIKE = 0.7
"""Below it, two names are too different for one to be meant by the other."""
SAME = 0.9
"""From here on they are one, but for a letter."""
MOST_PLACES = 2
"""What stands in more places is at home in none."""
AS_ALIKE = 0.05
"""Who is this near to the most alike may have been meant as well."""

_UNION_TAG = re.compile(r"[\[(]|^(bool|str|constrained-str)$")  # pydantic's name for one branch of a union


@dataclass(frozen=True)
class Called:
    """In the annotation of a field: a name that people know it by and that is none."""

    name: str


@dataclass(frozen=True)
class AtHomeOnly:
    """In the annotation of a field: whoever writes its name elsewhere means something else."""


def location(path: Path) -> str:
    """A pydantic error location as people write paths: `spec.lanes[0].parallel`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not _UNION_TAG.search(part):
            text += ("." if text else "") + shown(part)
    return text


def hint(path: Path, value: Any, written: type[BaseModel]) -> str:
    """For a field that `written`, or an object in it, does not have: its name there, where it belongs, or to remove it.

    Names are guessed among those that could stand there; one level higher or lower they are, but for a slip, the same.
    A wrong guess costs a reader more than none.
    """
    unknown, way = str(path[-1]), _way(path, written)
    for name, field in _fields(way[-1][1]).items():
        if Called(unknown) in field.metadata:
            return f"write it as {location((*way[-1][0], name))}"
        if unknown.startswith(f"{name}:"):
            return f"write a blank after the colon: {name}: {shown(unknown.removeprefix(f'{name}:'))}"
    beside = [
        (name, location(place) or TOP)
        for place, fields in _beside(way)
        for name in _alike(unknown, fields, SAME)
        if _may_hold(fields[name], value) and AtHomeOnly() not in fields[name].metadata
    ]
    alike = _alike(unknown, _fields(way[-1][1]), ALIKE)
    same = [place for name, place in beside if name == unknown]
    if 0 < len(same) <= MOST_PLACES:
        return f"it belongs in {' or '.join(same)}"
    match beside, alike:
        case _, [_, *_]:
            return f"did you mean {' or '.join(alike)}?"
        case [(name, place)], []:
            return f"did you mean {name} of {place}?"
        case _:
            return "remove it"


def plain(name: str) -> str:
    """A name as it is in every language: num_ctx, numCtx and NumCtx are one."""
    return name[:MAX_NAME_SHOWN].replace("_", "").lower()


def _way(path: Path, written: type[BaseModel]) -> list[Step]:
    """The objects around a field, the outermost first, each with its place."""
    way: list[Step] = [((), written)]
    for length, part in enumerate(path[:-1], start=1):
        field = _fields(way[-1][1]).get(str(part))
        models = _models(field.annotation) if field else []
        if models:
            way.append((path[:length], models[0]))
        else:
            way[-1] = (path[:length], way[-1][1])
    return way


def _beside(way: list[Step]) -> Iterator[tuple[Path, Mapping[str, FieldInfo]]]:
    """The object around the innermost one, those of its name further out, and those in it."""
    if len(way) > 1:
        yield way[-2][0], _fields(way[-2][1])
    here, model = way[-1]
    for place, outer in way[:-2]:
        field = _fields(outer).get(str(here[-1]))
        for each in _models(field.annotation) if field else ():
            yield (*place, here[-1]), _fields(each)
    for name, field in _fields(model).items():
        for each in _models(field.annotation):
            yield (*here, name), _fields(each)


def _may_hold(field: FieldInfo, value: Any) -> bool:
    if _models(field.annotation):
        return isinstance(value, dict | list)
    return isinstance(value, dict) == _is_map(field.annotation)


def _alike(unknown: str, names: Mapping[str, object], least: float) -> list[str]:
    """The names that are most alike, in their own order."""
    ratios = {name: difflib.SequenceMatcher(None, plain(unknown), plain(name)).ratio() for name in names}
    best = max(ratios.values(), default=0)
    return [name for name, ratio in ratios.items() if ratio >= max(least, best - AS_ALIKE)]


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _is_map(annotation: Any) -> bool:
    """Whether a field's type, or an optional one's, holds values by names of a person's own."""
    return get_origin(annotation) is dict or any(get_origin(each) is dict for each in get_args(annotation))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a field's type: its own, or those of an optional one or of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for part in get_args(annotation) for each in _models(part)]
