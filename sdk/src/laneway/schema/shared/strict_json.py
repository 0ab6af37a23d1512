"""JSON read strictly: bounded size of numbers and nesting, no duplicate keys, no NaN, no broken text. Pure."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, NoReturn

MAX_DEPTH = 32  # levels of nesting
MAX_DIGITS = 30  # digits of a number

# A string token never fails to match, even without its closing quote: so one pass is linear, whatever the input.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class NotStrictJSON(ValueError):
    """What is wrong, without the text itself."""


def without_mark(data: bytes) -> bytes:
    """A document without the byte order mark that editors on Windows begin files with (RFC 8259, 8.1 lets readers)."""
    return data.removeprefix(codecs.BOM_UTF8)


def read_strictly(data: bytes) -> Any:
    """The value of a JSON document; raises `NotStrictJSON` and nothing else, whatever the bytes."""
    data = without_mark(data)
    _check_depth(data)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_bounded_int,
            parse_float=_bounded_float,
            parse_constant=_no_constant,
        )
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise NotStrictJSON("not UTF-8") from None
    except UnicodeEncodeError:
        raise NotStrictJSON("not JSON: half of a surrogate pair stands alone") from None
    except json.JSONDecodeError as error:
        message = error.msg.partition(" (")[0]  # what stands in brackets is for programmers in Python
        raise NotStrictJSON(f"not JSON: {message} at line {error.lineno} column {error.colno}") from None
    return value


def _check_depth(data: bytes) -> None:
    depth = 0
    for match in _TOKENS.finditer(data):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotStrictJSON(f"nested more than {MAX_DEPTH} levels deep")
        elif token in b"]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotStrictJSON("a key stands twice in one object")
        found[name] = value
    return found


def _bounded_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise NotStrictJSON(f"a number has more than {MAX_DIGITS} digits")
    return int(text)


def _bounded_float(text: str) -> float:
    number = float(text)
    if len(text) > MAX_DIGITS or number in (float("inf"), float("-inf")):
        raise NotStrictJSON(f"a number is too large or has more than {MAX_DIGITS} digits")
    return number


def _no_constant(text: str) -> NoReturn:
    raise NotStrictJSON(f"{text} is not JSON")
