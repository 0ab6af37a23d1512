"""What the fields of a job hold, read as Ollama reads them: null is as good as nothing, 12.0 is a whole number, and
base64 may have line ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from laneway.schema.shared.base import Frozen, Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from laneway.schema.job.fields.refusals import Refusal

MAX_BODY_BYTES = 1024 * 1024 - 8 * 1024  # SQS: 1 MiB a message with its attributes; 8 KiB are left for those
MAX_TEXT = MAX_BODY_BYTES  # characters of one text; the body's size bounds all of them together

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
NonEmptyText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
JsonObject = Annotated[dict[str, JsonValue], Field(max_length=256)]


def _whole(value: object) -> object:
    """JSON has numbers, and no kinds of them: many languages write each with a point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Of a whole number as JSON Schema has it: 12, 12.0 or 1.2e1. Stands last, so that bounds are of the number."""


def not_a(kind: type, words: str) -> BeforeValidator:
    """Words of its own for what others write in the place of a field."""

    def check(value: object) -> object:
        if isinstance(value, kind):
            raise ValueError(words)  # noqa: TRY004 - pydantic wants ValueError
        return value

    return BeforeValidator(check)


_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LINE_ENDS = str.maketrans("", "", " \t\r\n")
_WRITTEN = r"^[A-Za-z0-9+/ \t\r\n]+[= \t\r\n]*$"
_NOT_BASE64 = "should be base64, such as iVBORw0KGgo="


def _base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.translate(_LINE_ENDS)
    if len(text) % 4 or not _BASE64.fullmatch(text):
        raise ValueError(_why_not_base64(text))
    return text


def _why_not_base64(text: str) -> str:
    if text.startswith("data:"):
        return f"{_NOT_BASE64}: leave out data: and everything up to its comma"
    if text.startswith(("http://", "https://", "s3://", "file://")):
        return f"{_NOT_BASE64}, of the file itself: nothing is fetched"
    if re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", text) and set("-_") & set(text):
        return f"{_NOT_BASE64}, with + and / where the alphabet for URLs has - and _"
    if _BASE64.fullmatch(text):
        return f"{_NOT_BASE64}, and its length a multiple of four: some of it is missing, perhaps the = at the end"
    return _NOT_BASE64


Image = Annotated[
    str,
    StringConstraints(max_length=MAX_TEXT),
    BeforeValidator(
        _base64, json_schema_input_type=Annotated[str, Field(max_length=MAX_TEXT), Pattern(_WRITTEN, _NOT_BASE64)]
    ),
]
"""One image in base64, kept without line ends."""


class OllamaObject(Frozen):
    """An object of a request, in which null, and what else asks for nothing, is as good as left out."""

    refused: ClassVar[Mapping[str, Refusal]] = {}
    """Fields that Ollama has here and a job has not."""
    nothing: ClassVar[Mapping[str, object]] = {}
    """Values of its own fields that ask for nothing, beside null."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_asks_for_nothing(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: each for name, each in value.items() if not cls._is_nothing(name, each)}

    @classmethod
    def _is_nothing(cls, name: str, value: object) -> bool:
        if name in cls.refused:
            return value is None or any(_same(value, each) for each in cls.refused[name].nothing)
        return name in cls.model_fields and (value is None or (name in cls.nothing and value == cls.nothing[name]))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The same for whoever checks by the published schema."""
        own = handler.resolve_ref_schema(made := handler(schema))
        fields = own.get("properties", {})
        for name, field in fields.items():
            if field.get("default") is not None:
                fields[name] = _or_null(field)
        for name, refusal in cls.refused.items():
            fields[name] = {
                "enum": [None, *refusal.nothing],
                "deprecated": True,
                "description": f"Not accepted: {refusal.why}.",
            }
        return made


def _same(value: object, other: object) -> bool:
    """Python takes 0 for false, and JSON does not."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {name: field.pop(name) for name in ("title", "description", "default") if name in field}
    return {"anyOf": [field, {"type": "null"}], **about}
