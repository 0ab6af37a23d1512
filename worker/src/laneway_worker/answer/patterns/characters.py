"""Sets of characters, and how a JSON text holds them, as Ollama's grammars read it. Pure."""

from __future__ import annotations

import json

Set = tuple[tuple[int, int], ...]
"""Ranges of code points, both ends included; they may overlap."""

LAST = 0x10FFFF
ANY: Set = ((0, LAST),)
DIGITS: Set = ((0x30, 0x39),)
WORDS: Set = (*DIGITS, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACES: Set = ((0x20, 0x20), (0x09, 0x0D), (0xA0, 0xA0), (0x2028, 0x2029), (0xFEFF, 0xFEFF))
LINE_ENDS: Set = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
ESCAPED: Set = ((0, 0x1F), (0x22, 0x22), (0x5C, 0x5C), (0x7F, 0x7F), (0xD800, 0xDFFF))
"""What stands in a JSON text only behind a backslash, or not at all."""
MOST_ESCAPES = 8  # characters of a set that are written out where it holds no others


def one(character: str) -> Set:
    """A character."""
    return ((ord(character), ord(character)),)


def minus(these: Set, those: Set) -> Set:
    """What is in the one set and not in the other."""
    for low, high in those:
        these = tuple(
            part
            for first, last in these
            for part in ((first, min(last, low - 1)), (max(first, high + 1), last))
            if part[0] <= part[1] and (part[1] < low or part[0] > high)
        )
    return these


def written(found: Set) -> str:
    """One character of a set, as a class of a grammar; or as the escape that JSON has for it, where it holds no other.
    Nothing where JSON has none.
    """
    plain = sorted(set(minus(found, ESCAPED)))
    if plain:
        return f"[{''.join(_range(low, high) for low, high in plain)}]"
    codes = [code for low, high in found for code in range(low, high + 1)][:MOST_ESCAPES]
    escapes = ["".join(map(_literal, json.dumps(chr(code))[1:-1])) for code in codes if not 0xD800 <= code <= 0xDFFF]  # noqa: PLR2004 - surrogates
    return escapes[0] if len(escapes) == 1 else f"({'|'.join(escapes)})" if escapes else ""


def _range(low: int, high: int) -> str:
    return _code(low) if low == high else f"{_code(low)}-{_code(high)}"


def _code(code: int) -> str:
    """https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md: escapes of a class."""
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"  # noqa: PLR2004 - widths of the escapes


def _literal(character: str) -> str:
    return f"[{_code(ord(character))}]"
