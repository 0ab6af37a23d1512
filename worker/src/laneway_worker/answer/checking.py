"""Whether a JSON text meets a schema. Pure; a hostile schema may take time and memory without end, so this runs in a
process of its own (`laneway_worker.checker`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_WORDS = 200  # characters of each part of a message
MAX_PATTERN_BYTES = 4 * 1024 * 1024  # of one compiled pattern: some 40 ms of work
MAX_BACKTRACKS = 1_000_000  # of a pattern with look-around or back-references; one that takes more does not match
NO_REGEX = 'is not a "regex"'

# By jsonschema_rs' kind of error. Its own messages hold the model's words: mask= hides values, but not property names.
BROKEN = {
    "AdditionalItems": "it has more items than the schema allows",
    "AdditionalProperties": "it has a property that the schema does not allow",
    "AnyOf": "it meets none of the alternatives",
    "Constant": "it is not the one value that the schema allows",
    "Contains": "too few or too many of its items are as the schema asks",
    "ContentEncoding": "it is not encoded as the schema asks",
    "ContentMediaType": "it is not of the media type that the schema asks for",
    "Enum": "it is none of the values that the schema allows",
    "ExclusiveMaximum": "it is too large",
    "ExclusiveMinimum": "it is too small",
    "FalseSchema": "the schema allows nothing here",
    "Format": "it is not of the format that the schema asks for",
    "MaxItems": "it has too many items",
    "MaxLength": "it is too long",
    "MaxProperties": "it has too many properties",
    "Maximum": "it is too large",
    "MinItems": "it has too few items",
    "MinLength": "it is too short",
    "MinProperties": "it has too few properties",
    "Minimum": "it is too small",
    "MultipleOf": "it is not a multiple of what the schema says",
    "Not": "it meets what the schema rules out",
    "OneOfMultipleValid": "it meets more than one of the alternatives",
    "OneOfNotValid": "it meets none of the alternatives",
    "Pattern": "it does not match the pattern",
    "PropertyNames": "a property has a name that the schema does not allow",
    "Required": "a property that the schema requires is not there",
    "Type": "it has another type than the schema asks for",
    "UnevaluatedItems": "it has more items than the schema allows",
    "UnevaluatedProperties": "it has a property that the schema does not allow",
    "UniqueItems": "it has the same item twice",
}


class Unusable(ValueError):
    """What is wrong with a schema."""


class Broken(ValueError):
    """Which rule an answer breaks; no word of the answer."""


def compiled(schema: Any) -> Callable[[str], None]:
    """A function that raises `Broken` where a text does not meet the schema. Raises `Unusable`. No schema is fetched
    from anywhere; `format` says what is meant, and is not asserted.
    """
    try:
        validator = jsonschema_rs.validator_for(
            schema,
            offline=True,
            validate_formats=False,
            pattern_options=jsonschema_rs.FancyRegexOptions(
                backtrack_limit=MAX_BACKTRACKS, size_limit=MAX_PATTERN_BYTES
            ),
            mask="…",
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        where = "/".join(("format", *(str(part) for part in getattr(error, "instance_path", ()))))
        raise Unusable(f"{where} is not usable as JSON Schema: {_words(error)}") from None

    def check(text: str) -> None:
        for error in validator.iter_errors(json.loads(text)):
            rule = "/".join(str(part) for part in error.schema_path)
            words = BROKEN.get(type(error.kind).__name__, "it does not meet this rule")
            raise Broken(f"the answer breaks format/{_short(rule)}: {words}")

    return check


def _words(error: Exception) -> str:
    """What is wrong with a schema, which is the sender's own text; never for an answer."""
    kind = type(getattr(error, "kind", None)).__name__
    if kind == "Referencing" or isinstance(error, jsonschema_rs.ReferencingError):
        return "only references of the form #/… that lead to a part of it can be used"
    words = str(getattr(error, "message", error)).splitlines()[0][:MAX_WORDS]
    if words.endswith(NO_REGEX):
        return "it is no regular expression, or too large a one"
    return words


def _short(rule: str) -> str:
    """A path's end, which names the keyword."""
    return rule if len(rule) <= MAX_WORDS else f"…{rule[-MAX_WORDS:]}"
