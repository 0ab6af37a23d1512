"""A request's body as it was given: what is known is checked, what asks for nothing is dropped, and what a job has
no place for is named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BeforeValidator, ConfigDict, ValidationError

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.refusals import WORDS
from laneway.schema.job.fields.values import OllamaObject
from laneway.schema.shared.hints import location
from laneway.schema.shared.problems import MAX_PROBLEMS_SHOWN, causes, problem, problems
from laneway.translate.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Places = Mapping[tuple[str, ...], tuple[str, ...]]
    """Where something stands in a job → where it stood in the request."""

MOST_IGNORED = 32  # names
MOST_NAME = 64  # characters of one
_UNSAFE = re.compile(r"[^A-Za-z0-9_.$-]")  # in an HTTP header


class Given(OllamaObject):
    """An object of a request. Of fields that it does not know, `refused` are refused, and others passed over."""

    model_config = ConfigDict(extra="allow")


Request = TypeVar("Request", bound=Given)


def one_or_more(value: object) -> object:
    """A text where a list of them may stand."""
    return [value] if isinstance(value, str) else value


ONE_OR_MORE = BeforeValidator(one_or_more, json_schema_input_type=str | list[str])


def read(kind: type[Request], body: object) -> Request:
    """The request in a body; raises `Refused`, and nothing else, for whatever JSON has."""
    try:
        request = kind.model_validate(object_of(body))
    except ValidationError as error:
        raise refused_by(error) from None
    for place, each in _objects("", request):
        for name in each.model_extra or ():
            if name in each.refused:
                param = f"{place}{name}"
                words = f"{param}: not accepted: {each.refused[name].why}"
                raise Refused(ErrorCode.INVALID_JOB, words, param)
    return request


def object_of(body: object) -> dict[str, Any]:
    """The body's object; raises `Refused`."""
    if not isinstance(body, dict):
        raise Refused(ErrorCode.INVALID_JOB, "the body should be a JSON object with fields")
    return body


def _objects(place: str, given: Given) -> Iterator[tuple[str, Given]]:
    """The object and those in it, each with what stands before its fields' names."""
    yield place, given
    for name in type(given).model_fields:
        value = getattr(given, name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Given):
                yield from _objects(f"{place}{name}.", each)


def ignored_of(request: Given) -> tuple[str, ...]:
    """The names of what was given and nobody here knows, each once, such as `messages.name`."""
    return header_names(
        f"{place}{name}"
        for place, each in _objects("", request)
        for name, value in (each.model_extra or {}).items()
        if value is not None
    )


def header_names(found: Iterable[str]) -> tuple[str, ...]:
    """Each once, so few and so written that they can stand in a header."""
    return tuple(dict.fromkeys(_UNSAFE.sub("?", name[:MOST_NAME]) for name in found))[:MOST_IGNORED]


def refused_by(error: ValidationError, places: Places | None = None) -> Refused:
    """What a validation found, told by where it stood in the request."""
    found = [each | {"loc": _renamed(each["loc"], places or {})} for each in causes(error)]
    words = "; ".join(problem(each) for each in found[:MAX_PROBLEMS_SHOWN]) if places else problems(error, known=WORDS)
    return Refused(ErrorCode.INVALID_JOB, words, location(found[0]["loc"]) or None)


def _renamed(place: tuple[Any, ...], places: Places) -> tuple[Any, ...]:
    for length in (2, 1):
        if place[:length] in places:
            return (*places[place[:length]], *place[length:])
    return place
