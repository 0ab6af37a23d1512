"""How many pixels an image has, by its header alone: what it would take to decode it. Pure, and strict: where decoders
may read a file in two ways it is refused.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Size = tuple[int, int]
"""Width and height."""

PNG, GIF, BMP, JPEG = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a"), b"BM", b"\xff\xd8"
FILL, END, SCAN = 0xFF, 0xD9, 0xDA  # JPEG (ITU T.81, table B.1): before a marker; end of image; start of scan
MOST_SCANS = 32  # JPEG: a decoder goes over all pixels once for each; encoders write up to ten, thumbnails have theirs
START_OF_SCAN = bytes((FILL, SCAN))
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG: starts of frame; the three are tables and reserved
SHORT_BMP = 12  # bytes of OS/2's header, whose sizes have two bytes
CHUNK_HEAD = 8  # bytes: four letters and a length
FOURTEEN_BITS = 0x3FFF  # WebP: the largest side but for the canvas


class NoImage(ValueError):
    """Not a file of an accepted format."""


class TooManyScans(ValueError):
    """A JPEG that takes minutes to decode."""


def pixels(data: bytes) -> int:
    """Width times height; raises `NoImage`, `TooManyScans` and nothing else, whatever the bytes."""
    try:
        width, height = _reader(data)(data)
    except (struct.error, IndexError):  # it ends within its header
        raise NoImage from None
    if width == 0 or height == 0:
        raise NoImage
    return width * height


def _reader(data: bytes) -> Callable[[bytes], Size]:
    if data.startswith(PNG):
        return _png
    if data.startswith(GIF):
        return _gif
    if data.startswith(BMP):
        return _bmp
    if data.startswith(JPEG):
        return _jpeg
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp
    raise NoImage


def _png(data: bytes) -> Size:
    kind, width, height = struct.unpack_from(">4sII", data, 12)
    if kind != b"IHDR":
        raise NoImage
    return width, height


def _gif(data: bytes) -> Size:
    """The screen: decoders refuse a frame that is larger."""
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp(data: bytes) -> Size:
    (head,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if head == SHORT_BMP else "<ii", data, 18)
    return abs(width), abs(height)  # a negative height: rows from the top


def _jpeg(data: bytes) -> Size:
    """The frame's header comes before the first scan; nothing stands between segments but fill bytes. A scan of no
    news has 70 bytes and takes as long as any other: 10,000 fit into a job.
    """
    if data.count(START_OF_SCAN) > MOST_SCANS:  # in coded data a zero would stand between the two bytes
        raise TooManyScans
    at = 2
    while True:
        if data[at] != FILL:
            raise NoImage
        while data[at] == FILL:
            at += 1
        marker, (length,) = data[at], struct.unpack_from(">H", data, at + 1)
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 4)
            return width, height
        if marker in (END, SCAN) or length < 2:  # noqa: PLR2004 - a length counts its own two bytes
            raise NoImage
        at += 1 + length


def _webp(data: bytes) -> Size:
    """The larger of canvas and pictures: decoders take their sizes from the pictures."""
    sizes = [_PICTURES[kind](data, at) for kind, at in _chunks(data) if kind in _PICTURES]
    if not sizes:
        raise NoImage
    return max(sizes, key=lambda size: size[0] * size[1])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and place of each chunk of a RIFF file."""
    at = 12
    while at + CHUNK_HEAD <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, at + CHUNK_HEAD
        at += CHUNK_HEAD + length + length % 2


def _lossy(data: bytes, at: int) -> Size:
    """RFC 6386, 9.1: a frame tag, a start code, two sides of 14 bits."""
    width, height = struct.unpack_from("<HH", data, at + 6)
    return width & FOURTEEN_BITS, height & FOURTEEN_BITS


def _lossless(data: bytes, at: int) -> Size:
    (bits,) = struct.unpack_from("<I", data, at + 1)
    return (bits & FOURTEEN_BITS) + 1, (bits >> 14 & FOURTEEN_BITS) + 1


def _canvas(data: bytes, at: int) -> Size:
    sides = data[at + 4 : at + 10]
    if len(sides) < 6:  # noqa: PLR2004 - two sides of three bytes
        raise NoImage
    return int.from_bytes(sides[:3], "little") + 1, int.from_bytes(sides[3:], "little") + 1


_PICTURES: dict[bytes, Callable[[bytes, int], Size]] = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _canvas}
