"""Structured output: is the schema usable, and does an answer meet it? Pure, in time linear in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs

from laneway.schema.codes import ErrorCode
from laneway.schema.strict_json import NotStrictJSON, read_strictly
from laneway_worker.complexity import check_complexity
from laneway_worker.errors import JobError
from laneway_worker.grammars import check_grammar

if TYPE_CHECKING:
    from collections.abc import Callable

Format = Literal["json"] | dict[str, Any] | None

MAX_PATTERN_BYTES = 4 * 1024 * 1024  # of one compiled pattern: some 40 ms of work
NO_REGEX = 'is not a "regex"'


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
            rule = "/".join(str(part) for part in error.schema_path)  # the instance's path may hold the model's words
            raise JobError(ErrorCode.FORMAT_NOT_MET, f"the answer breaks format/{rule}: {_words(error)}")
        return value

    return read


def _read(text: str) -> Any:
    try:
        return read_strictly(text.encode(errors="replace"))
    except NotStrictJSON as error:
        raise JobError(ErrorCode.FORMAT_NOT_MET, f"the answer is not usable: {error}") from None


def _words(error: Exception) -> str:
    words = str(getattr(error, "message", error)).splitlines()[0][:200]
    if words.endswith(NO_REGEX):
        return "it is no regular expression without look-around and back-references, or too large a one"
    return words
