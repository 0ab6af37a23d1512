"""The base of every schema model, the shared scalar types, and validation problems in words without any input text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError

MAX_PROBLEMS_SHOWN = 5
MAX_NAME_SHOWN = 80  # characters of a field name that came from outside

_UNION_TAG = re.compile(r"[\[(]|^(bool|str|constrained-str)$")  # pydantic's name for one branch of a union
_DURATION = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s)?")
DURATION_PATTERN = r"^([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$"


class Frozen(BaseModel):
    """A frozen model that refuses unknown fields and describes its fields by their docstrings."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class Record(Frozen):
    """A model that programs write and older programs read: fields that came later are passed over."""

    model_config = ConfigDict(extra="ignore")


class KubernetesModel(Frozen):
    """A model written in YAML by people: camelCase names, as Kubernetes' API conventions want."""

    model_config = ConfigDict(alias_generator=to_camel)


def cel(*rules: tuple[str, str]) -> dict[str, Any]:
    """The JSON Schema extension by which Kubernetes checks rules in CEL; each is the rule and its message.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
    """
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]}


def list_map(key: str) -> dict[str, Any]:
    """The extension that makes a list a map keyed by one field of its items, so that two writers can share it."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}


def duration_seconds(text: str) -> int:
    """Seconds of a duration such as `90s`, `5m` or `1h30m`; ValueError says what is expected."""
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError("should be a duration such as 90s, 5m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def duration_text(seconds: int) -> str:
    """The shortest duration text that `duration_seconds` reads back as the same number."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def _read_duration(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("should be a duration such as 90s, 5m or 1h30m")  # noqa: TRY004 - pydantic wants ValueError
    return duration_seconds(value)


_DurationText = Annotated[str, Field(pattern=DURATION_PATTERN, min_length=2, max_length=18)]

Duration = Annotated[
    int,
    BeforeValidator(_read_duration, json_schema_input_type=_DurationText),
    PlainSerializer(duration_text, return_type=str),
]
"""Whole seconds, written as `5m` in YAML."""

JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
"""The idempotency key of a job: 1 to 128 characters."""

Alias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=63)]
"""A name in a pool's own list, a DNS label (RFC 1123)."""

QUALIFIED_NAME = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
"""The key of a label or an annotation in Kubernetes; CEL can't check it, as keys have no bound of their own."""

AnnotationText = Annotated[str, StringConstraints(max_length=2048)]
"""An annotation's value."""

Labels = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=63)],
        Annotated[str, StringConstraints(max_length=256)],
    ],
    Field(max_length=16),
]
"""At most 16 labels a person may group results by."""

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""A content digest."""


def _shown(name: str) -> str:
    """A name from outside, without what a terminal would obey."""
    return "".join(character if character.isprintable() else "?" for character in name[:MAX_NAME_SHOWN])


def location(path: Sequence[str | int]) -> str:
    """A pydantic error location as people write paths: `spec.lanes[0].parallel`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not _UNION_TAG.search(part):
            text += ("." if text else "") + _shown(part)
    return text


def problem(error: Any) -> str:
    """One pydantic error in words; never its input, which may be a prompt."""
    where = location(error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown field"
    message = _in_units(error["msg"].removeprefix("Value error, ").removeprefix("Input "), error)
    return f"{where}: {message}" if where else message


def _in_units(message: str, error: Any) -> str:
    """The bound of a duration as durations are written: pydantic compares seconds, the input was text."""
    before, _, bound = message.rpartition(" ")
    compared = error["type"] in {"less_than_equal", "greater_than_equal"} and isinstance(error["input"], str)
    return f"{before} {duration_text(int(bound))}" if compared and bound.isdecimal() else message


def causes(error: ValidationError) -> list[Any]:
    """The errors of a validation, without those about a list that only follow from errors inside it. In time linear in
    their number: a body of 1 MiB can have 100,000.
    """
    found = error.errors(include_url=False, include_context=False)
    above = {each["loc"][:length] for each in found for length in range(len(each["loc"]))}
    return [each for each in found if each["loc"] not in above]


def problems(error: ValidationError) -> str:
    """The first few problems of a validation in one line; never any input."""
    found = causes(error)
    shown = "; ".join(problem(each) for each in found[:MAX_PROBLEMS_SHOWN])
    more = len(found) - MAX_PROBLEMS_SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown
