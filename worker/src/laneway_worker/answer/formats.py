"""Structured output: is the schema usable, and does an answer meet it? Pure, in time linear in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs

from laneway.schema.job.codes import ErrorCode
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly
from laneway_worker.answer.complexity import check_complexity
from laneway_worker.answer.grammars import check_grammar
from laneway_worker.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable

Format = Literal["json"] | dict[str, Any] | None

MAX_WORDS = 200  # characters of each part of a message
MAX_PATTERN_BYTES = 4 * 1024 * 1024  # of one compiled pattern: some 40 ms of work
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


def answer_checker(wanted: Format) -> Callable[[str], Any]:
    """A function that reads an answer as the job's `format` asks, and returns the value. Raises `JobError`: here where
    the schema can't be used, later where the answer does not meet it. No schema is fetched from anywhere, and patterns
    run on an engine without backtracking.
    """
    if wanted is None:
        return lambda _: None
    if wanted == "json":
        return _read
    try:
        check_grammar(wanted)
        check_complexity(wanted)
        validator = jsonschema_rs.validator_for(
            wanted, offline=True, pattern_options=jsonschema_rs.RegexOptions(size_limit=MAX_PATTERN_BYTES), mask="…"
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        where = "/".join(("format", *(str(part) for part in getattr(error, "instance_path", ()))))
        words = f"{where} is not usable as JSON Schema: {_words(error)}"
        raise JobError(ErrorCode.INVALID_JOB, words) from None

    def read(text: str) -> Any:
        value = _read(text)
        for error in validator.iter_errors(value):
            rule = "/".join(str(part) for part in error.schema_path)
            words = BROKEN.get(type(error.kind).__name__, "it does not meet this rule")
            raise JobError(ErrorCode.FORMAT_NOT_MET, f"the answer breaks format/{_short(rule)}: {words}")
        return value

    return read


def _read(text: str) -> Any:
    try:
        return read_strictly(text.encode(errors="replace"))
    except NotStrictJSON as error:
        raise JobError(ErrorCode.FORMAT_NOT_MET, f"the answer is not usable: {error}") from None


def _words(error: Exception) -> str:
    """What is wrong with a schema, which is the sender's own text; never for an answer."""
    words = str(getattr(error, "message", error)).splitlines()[0][:MAX_WORDS]
    if words.endswith(NO_REGEX):
        return "it is no regular expression without look-around and back-references, or too large a one"
    return words


def _short(rule: str) -> str:
    """A path's end, which names the keyword."""
    return rule if len(rule) <= MAX_WORDS else f"…{rule[-MAX_WORDS:]}"
