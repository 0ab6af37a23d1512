"""Names that a pool can't use, and why: one table for the models and for Kubernetes' rules in CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.shared.base import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BEGINNINGS = ("/", "_", ".")  # a table's entry that ends so is how names begin


def refusal(names: Iterable[str], reserved: Mapping[str, tuple[str, ...]]) -> str | None:
    """The first name that can't be used, and why; None where all can."""
    return next(
        (
            f"{shown(name)}: {why}"
            for name in names
            for why, taken in reserved.items()
            if any(_is(name, each) for each in taken)
        ),
        None,
    )


def _is(name: str, taken: str) -> bool:
    return name.startswith(taken) if taken.endswith(BEGINNINGS) else name == taken


def one_of(name: str, taken: Iterable[str]) -> str:
    """In CEL: whether `name`, an expression, is one of these."""
    found = tuple(taken)
    whole = [each for each in found if not each.endswith(BEGINNINGS)]
    tests = [f"{name} in {whole}"] if whole else []
    return " || ".join(tests + [f"{name}.startsWith('{each}')" for each in found if each not in whole])
