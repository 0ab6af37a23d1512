"""A job's JSON Schema, looked through: what Ollama gets of it, and the check of answers. Pure.

Both are work on a program of the sender's, so both run in a process of their own (`laneway_worker.checker`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway_worker.answer.checking import Unusable, compiled
from laneway_worker.answer.dialects import modern
from laneway_worker.answer.grammars import TooLarge, for_ollama
from laneway_worker.answer.merging import CantBeMet

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Prepared:
    """One schema, ready for use."""

    asked: dict[str, Any]
    """What Ollama gets."""
    check: Callable[[str], None]
    """Raises `Broken` where a text does not meet the schema."""


def prepared(schema: dict[str, Any]) -> Prepared:
    """Raises `Unusable`, which says what to change."""
    known = modern(schema)
    check = compiled(known)
    try:
        return Prepared(for_ollama(known), check)
    except CantBeMet as error:
        raise Unusable(f"no answer can meet the schema: {error}") from None
    except TooLarge as error:
        raise Unusable(f"format is not usable: {error}") from None
    except RecursionError:
        raise Unusable("format is not usable: it is nested too deep") from None
