"""Kubernetes' quantities: how much they are, and the form that the API server leaves as it is.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

from laneway.schema.shared.base import PATTERN_WORDS

BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
DECIMAL = ("m", "", "k", "M", "G", "T", "P", "E")
UNITS: dict[str, int] = {name: 1024**power for power, name in enumerate(BINARY)} | {
    name: 1000**power for power, name in enumerate(DECIMAL[1:])
}
"""Suffix → how many; `m`, a thousandth, is none."""

PATTERN = r"^([0-9]{1,15}m|[0-9]{1,15}(\.[0-9]{1,3})?(k|M|G|T|Ki|Mi|Gi|Ti)?)$"
NO_QUANTITY = "should be a quantity such as 500m, 2 or 8Gi (one with a point in quotes: '0.5')"
_PARTS = re.compile(r"([0-9.]+)([a-zA-Z]*)")


def thousandths(text: str) -> int:
    """How many thousandths a quantity of `PATTERN` is; there are no smaller parts."""
    found = _PARTS.fullmatch(text)
    if found is None:
        raise ValueError(NO_QUANTITY)
    number, unit = found.groups()
    return int(number) if unit == "m" else int(Decimal(number) * 1000 * UNITS[unit])


def canonical(text: str) -> str:
    """The same in the form that the API server leaves as it is. Others it rewrites, some of them (not all), and what is
    applied so never is what is observed.
    """
    number = thousandths(text)
    if text.endswith("i") and number % (1024 * 1000) == 0:
        return _shortest(number // 1000, 1024, BINARY)
    return _shortest(number, 1000, DECIMAL)


def _shortest(number: int, base: int, units: tuple[str, ...]) -> str:
    largest = next((power for power in range(1, len(units)) if number % base**power), len(units)) - 1
    return f"{number // base**largest}{units[largest]}" if number else "0"


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch(PATTERN, str(value)):
        raise ValueError(NO_QUANTITY)
    return str(value)


Quantity = Annotated[
    str,
    StringConstraints(max_length=24),
    BeforeValidator(_text),
    WithJsonSchema({"type": ["integer", "string"], "pattern": PATTERN, PATTERN_WORDS: NO_QUANTITY, "maxLength": 24}),
]
"""A number or a text, as Kubernetes has it, and as it was written."""
