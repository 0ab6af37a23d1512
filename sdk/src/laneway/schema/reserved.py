"""Names that a pool can't use, and why: one table for the models and for Kubernetes' rules in CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BEGINNINGS = ("/", "_")  # a table's entry that ends so is how names begin


def refusal(names: Iterable[str], reserved: Mapping[str, tuple[str, ...]]) -> str | None:
    """Why one of the names can't be used; None where all can."""
    found = tuple(names)
    return next(
        (why for why, taken in reserved.items() if any(_is(name, each) for name in found for each in taken)), None
    )


def _is(name: str, taken: str) -> bool:
    return name.startswith(taken) if taken.endswith(BEGINNINGS) else name == taken


def one_of(name: str, taken: Iterable[str]) -> str:
    """In CEL: whether `name`, an expression, is one of these."""
    found = tuple(taken)
    whole = [each for each in found if not each.endswith(BEGINNINGS)]
    tests = [f"{name} in {whole}"] if whole else []
    return " || ".join(tests + [f"{name}.startsWith('{each}')" for each in found if each not in whole])
