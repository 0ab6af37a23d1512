"""What a text of YAML without quotes stands for, as Kubernetes' tools read it.

kubectl, Helm and Kustomize go by https://github.com/kubernetes-sigs/yaml (goyaml.v2/resolve.go), whose rules are
neither YAML 1.1's, as PyYAML has them, nor 1.2's: 72225e2, 0o7, 08 and y are no texts, 1:30 and 2024-01-01 are. Pure.
"""

from __future__ import annotations

import math
import re

Plain = str | int | float | bool | None
"""What JSON has besides objects and arrays."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*|0[0-7]+|0[oO][0-7]+|0[xX][0-9a-fA-F]+|0[bB][01]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BEGIN_NUMBERS = tuple("-+0123456789")
_MOST_DIGITS = 100  # longer ones are floats; Python reads none of 4,300
_LEAST, _MOST = -(2**63), 2**64 - 1  # Go's int64 and uint64; what is outside is a float
_WHOLE_BELOW = 1e21  # from here on Go writes floats with an exponent


def _ways(*words: str) -> list[str]:
    """Those that count: no, No, NO."""
    return [way for word in words for way in (word, word.capitalize(), word.upper())]


_ENDLESS = (".inf", ".Inf", ".INF")
_WORDS: dict[str, Plain] = {
    **dict.fromkeys(_ways("y", "yes", "true", "on"), True),
    **dict.fromkeys(_ways("n", "no", "false", "off"), False),
    **dict.fromkeys(("", "~", *_ways("null"))),
    **dict.fromkeys((*_ENDLESS, *(f"+{way}" for way in _ENDLESS)), math.inf),
    **dict.fromkeys((f"-{way}" for way in _ENDLESS), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}


def read_plain(text: str) -> Plain:
    """What it is in JSON: 4.0 is 4."""
    if text in _WORDS:
        return _WORDS[text]
    digits = text.replace("_", "") if text.startswith(_BEGIN_NUMBERS) else re.sub("(?<=[0-9])_(?=[0-9])", "", text)
    whole = _integer(digits)
    if whole is not None:
        return whole
    number = float(digits) if _FLOAT.fullmatch(digits) else math.inf
    if math.isinf(number):
        return text
    return int(number) if number.is_integer() and abs(number) < _WHOLE_BELOW else number


def _integer(digits: str) -> int | None:
    if len(digits) > _MOST_DIGITS or not _INTEGER.fullmatch(digits):
        return None
    magnitude = digits.lstrip("-+")
    octal = magnitude.isdecimal() and magnitude.startswith("0")
    number = int(magnitude, 8 if octal else 0) * (-1 if digits.startswith("-") else 1)
    return number if _LEAST <= number <= (_MOST if digits == magnitude else _MOST // 2) else None
