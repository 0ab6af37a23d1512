"""Texts as people have them: UTF-8, with a byte order mark or without, in a file or on standard input."""

from __future__ import annotations

import codecs
import io
import sys
from pathlib import Path

from laneway.cli.output import Exit, fail

STANDARD_INPUT = "-"
UTF_16 = "is UTF-16: save it as UTF-8, by iconv -f UTF-16 -t UTF-8 for example"
UTF_32 = UTF_16.replace("16", "32")
COMPRESSED = "is compressed: unpack it first, by gunzip for example"
ONE_LIST = "is one JSON list: write one job a line, by jq -c '.[]' for example"
OTHERS = {
    codecs.BOM_UTF32_LE: UTF_32,  # before UTF-16's, which it begins with
    codecs.BOM_UTF32_BE: UTF_32,
    codecs.BOM_UTF16_LE: UTF_16,  # PowerShell's and Excel's
    codecs.BOM_UTF16_BE: UTF_16,
    b"\x1f\x8b": COMPRESSED,  # gzip
    b"\x28\xb5\x2f\xfd": COMPRESSED,  # zstd
    b"PK\x03\x04": "is a ZIP archive, as workbooks are: take its text out, or export it as text",
}
"""What files that are no text begin with, and what to do about it."""


class NotText(ValueError):
    """What the bytes are, and what to do: the file's name goes before it."""


def decoded(data: bytes) -> str:
    """The text of a file without its byte order mark, with line ends of one kind; raises `NotText`."""
    for start, words in OTHERS.items():
        if data.startswith(start):
            raise NotText(words)
    if b"\0" in data[:2]:  # half of a character of two bytes: UTF-16 whose mark is missing
        raise NotText(UTF_16)
    try:
        return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig").read()
    except UnicodeDecodeError:
        words = "is not UTF-8 text: save it as UTF-8, by iconv -f WINDOWS-1252 -t UTF-8 if it comes from Windows"
        raise NotText(words) from None


def name_of(source: str) -> str:
    """A file's name for people; `-` is standard input, and a file of that name is `./-`."""
    return "standard input" if source == STANDARD_INPUT else source


def read_text(source: str) -> str:
    """What a file or standard input holds; ends the command where it can't be read."""
    try:
        return decoded(sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes())
    except OSError as error:
        fail(f"can't read {name_of(source)}: {error.strerror}", Exit.USAGE)
    except NotText as error:
        fail(f"{name_of(source)} {error}", Exit.USAGE)
