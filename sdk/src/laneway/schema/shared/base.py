"""The base of every schema model, and the scalar types that they share."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

MAX_NAME_SHOWN = 80  # characters of a field name that came from outside

_DURATION = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s)?")
DURATION_PATTERN = r"^([0-9]{1,4}h([0-9]{1,5}m)?([0-9]{1,6}s)?|[0-9]{1,5}m([0-9]{1,6}s)?|[0-9]{1,6}s)$"
NO_DURATION = "should be a duration such as 90s, 5m or 1h30m"
PATTERN_WORDS = "patternErrorMessage"
"""The keyword of a JSON Schema that editors know, beside `pattern`: what to say instead of the pattern itself."""


Document = TypeVar("Document", bound=BaseModel)


class Frozen(BaseModel):
    """A frozen model that refuses unknown fields and describes its fields by their docstrings."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class Record(Frozen):
    """A model that programs write and older programs read: fields that came later are passed over."""

    model_config = ConfigDict(extra="ignore")


def read_or_none(model: type[Document], body: bytes) -> Document | None:
    """A document that others write, as JSON; None where it is none of this model's."""
    with suppress(ValidationError):
        return model.model_validate_json(body)
    return None


class KubernetesModel(Frozen):
    """A model written in YAML by people: camelCase names, as Kubernetes' API conventions want."""

    model_config = ConfigDict(alias_generator=to_camel)


@dataclass(frozen=True)
class Pattern:
    """How a text is written, as a pattern and in words: whoever writes another one is told the words alone."""

    pattern: str
    words: str
    """`should be …, such as …`."""
    max_length: int | None = None
    """Where the pattern says it already: Kubernetes reckons by it what a rule costs."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Type and length come first, with words of their own."""
        form = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=self.pattern), "pattern", custom_error_message=self.words
        )
        return core_schema.chain_schema([handler(source), form])

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Both, and the bound."""
        bound = {"maxLength": self.max_length} if self.max_length else {}
        return handler(schema) | bound | {"pattern": self.pattern, PATTERN_WORDS: self.words}


def cel(*rules: tuple[str, str]) -> dict[str, Any]:
    """The JSON Schema extension by which Kubernetes checks rules in CEL; each is the rule and its message.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
    """
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]}


def list_map(key: str) -> dict[str, Any]:
    """The extension that makes a list a map keyed by one field of its items, so that two writers can share it."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}


LIST_SET = {"x-kubernetes-list-type": "set"}
"""The extension that makes a list a set: nothing stands in it twice, and two writers can share it."""


def twice(names: Iterable[str]) -> str | None:
    """The first name that is there more than once."""
    return next((name for name, times in Counter(names).items() if times > 1), None)


def duration_seconds(text: str) -> int:
    """Seconds of a duration such as `90s`, `5m` or `1h30m`; ValueError says what is expected."""
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(NO_DURATION)
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
        raise ValueError(NO_DURATION)  # noqa: TRY004 - pydantic wants ValueError
    return duration_seconds(value)


_DurationText = Annotated[str, Field(min_length=2, max_length=18), Pattern(DURATION_PATTERN, NO_DURATION)]

Duration = Annotated[
    int,
    BeforeValidator(_read_duration, json_schema_input_type=_DurationText),
    PlainSerializer(duration_text, return_type=str),
]
"""Whole seconds, written as `5m` in YAML."""

JobId = Annotated[
    str,
    Pattern(
        r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$",
        "should be 1 to 128 letters, digits, dots, dashes and underscores, beginning with a letter or a digit, such as "
        "invoice-4711",
    ),
]
"""The idempotency key of a job: 1 to 128 characters."""

SMALL = "small letters, digits and dashes, with a letter or a digit at both ends"
ALIAS = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
Alias = Annotated[
    str,
    StringConstraints(max_length=63),
    Pattern(ALIAS, f"should be {SMALL}, such as archive-1"),
]
"""A name in a pool's own list, a DNS label (RFC 1123)."""

ObjectName = Annotated[
    str,
    StringConstraints(max_length=253),
    Pattern(
        r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        "should be the name of an object in the cluster: small letters, digits, dashes and dots, with a letter or a "
        "digit at both ends, such as team-a",
    ),
]
"""The name of an object in Kubernetes (RFC 1123)."""

QUALIFIED_NAME = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
"""The key of a label or an annotation in Kubernetes; CEL can't check it, as keys have no bound of their own."""


def bad_name(names: Iterable[str], why: str) -> str | None:
    """The first one that is no `QUALIFIED_NAME`, and why that is wrong."""
    return next((f"{shown(name)}: {why}" for name in names if not re.fullmatch(QUALIFIED_NAME, name)), None)


AnnotationText = Annotated[str, StringConstraints(max_length=2048)]
"""An annotation's value."""

Labels = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=63)],
        Annotated[str, StringConstraints(max_length=256)],
    ],
    Field(max_length=16),
]
"""At most 16 labels a person may group results by, as results hold them: those of before may have any characters."""

PLAIN = Pattern(
    r"^[^\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]*$",
    "should be text without control characters, line ends and marks of direction, such as claims",
)
"""What a terminal, a table or a database shows as it stands: no C0, DEL, C1, separators, nor Unicode's Bidi_Control."""

PlainLabels = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=63), PLAIN],
        Annotated[str, StringConstraints(max_length=256), PLAIN],
    ],
    Field(max_length=16, json_schema_extra={"additionalProperties": False}),  # but for what PLAIN lets through
]
"""As jobs may name them."""

Digest = Annotated[
    str,
    Pattern(
        r"^sha256:[0-9a-f]{64}$",
        "should be a whole digest: sha256: and 64 digits, each 0-9 or a-f, such as sha256:a2af6cc3eb7f…",
        max_length=71,
    ),
]
"""A content digest."""


def shown(name: str, most: int = MAX_NAME_SHOWN) -> str:
    """A name from outside, or so many characters of it, without what a terminal would obey."""
    return "".join(character if character.isprintable() else "?" for character in name[:most])
