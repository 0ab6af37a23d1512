"""Structured output: what a job's `format` asks of Ollama, and how its answer is read. Pure."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from laneway.schema.job.codes import ErrorCode
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly
from laneway_worker.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway_worker.ports.checker import Checker, Checking

Format = Literal["json"] | dict[str, Any] | None


@dataclass(frozen=True)
class Reading:
    """How one job's answer is asked for, and read."""

    asked: Format
    """What Ollama gets."""
    read: Callable[[str], Any]
    """An answer's value; raises `JobError`."""


@contextmanager
def reading(wanted: Format, checker: Checker) -> Iterator[Reading]:
    """As a job's `format` says. Raises `JobError` where it can't be used, before anything is generated."""
    if wanted is None:
        yield Reading(None, lambda _: None)
    elif wanted == "json":
        yield Reading("json", _read)
    else:
        with checker.open(wanted) as schema:
            yield Reading(schema.asked, lambda text: _checked(text, schema))


def _checked(text: str, schema: Checking) -> Any:
    value = _read(text)
    schema.check(text)
    return value


def _read(text: str) -> Any:
    try:
        return read_strictly(text.encode(errors="replace"))
    except NotStrictJSON as error:
        raise JobError(ErrorCode.FORMAT_NOT_MET, f"the answer is not usable: {error}") from None
