from __future__ import annotations

import base64
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway_worker.request.images import NoImage, pixels
from support.inputs.images import IMAGES

FILES = {name: base64.b64decode(text) for name, text in IMAGES.items()}
BEGINNINGS = [data[:length] for data in FILES.values() for length in (2, 8, 12, 20, 30)]


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp(*chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WEBP" + b"".join(chunks)


def lossy(width: int, height: int) -> bytes:
    return chunk(b"VP8 ", b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height))


def canvas(width: int, height: int) -> bytes:
    sides = (side.to_bytes(3, "little") for side in (width - 1, height - 1))
    return chunk(b"VP8X", bytes(4) + b"".join(sides))


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments)


def frame(width: int, height: int, marker: int = 0xC0) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">HBHH", 17, 8, height, width)


@pytest.mark.parametrize("name", FILES)
def test_a_picture_of_every_format_has_its_pixels(name: str) -> None:
    assert pixels(FILES[name]) == 15


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("length", [0, 1, 3, 9])
def test_half_a_header_is_no_image(name: str, length: int) -> None:
    with pytest.raises(NoImage):
        pixels(FILES[name][:length])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (webp(lossy(20, 10), lossy(7, 3)), 200),
        (webp(canvas(2, 2), lossy(16383, 16383)), 16383**2),
        (webp(canvas(2**24, 2**24), lossy(2, 2)), 2**48),
        (webp(chunk(b"ICCP", b"odd"), lossy(4, 4)), 16),
        (jpeg(b"\xff\xe0\x00\x04ab", frame(60_000, 60_000)), 3_600_000_000),
        (jpeg(b"\xff\xff\xff\xe0\x00\x02", frame(4, 4, 0xC2)), 16),
        (jpeg(b"\xff\xe1\x00\x0b" + frame(9, 9)[:9], frame(5, 4)), 20),
        (b"BM" + bytes(12) + struct.pack("<Iii", 40, 8, -4), 32),
        (b"BM" + bytes(12) + struct.pack("<IHH", 12, 8, 4), 32),
    ],
    ids=[
        "WebP, the larger of two pictures",
        "WebP, a picture larger than its canvas",
        "WebP, a canvas larger than its picture",
        "WebP, a chunk of odd length before",
        "JPEG, a segment before",
        "JPEG, fill bytes",
        "JPEG, a thumbnail before",
        "BMP from the top",
        "BMP of OS/2",
    ],
)
def test_the_size_is_what_a_decoder_would_take(data: bytes, found: int) -> None:
    assert pixels(data) == found


@pytest.mark.parametrize(
    "data",
    [
        jpeg(b"\xff\xda\x00\x02", frame(4, 4)), jpeg(b"\xff\xd9\x00\x02", frame(4, 4)), jpeg(b"xx", frame(4, 4)),
        jpeg(b"\xff\xe0\x00\x01", frame(4, 4)), jpeg(frame(4, 0)), jpeg(b"\xff" * 99), webp(),
        webp(chunk(b"EXIF", b"")), webp(lossy(0, 4)), b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"GIF89a" + bytes(40), b"BM" + bytes(40), b"%PDF-1.7",
    ],
)  # fmt: skip
def test_what_has_no_size_is_no_image(data: bytes) -> None:
    with pytest.raises(NoImage):
        pixels(data)


@given(st.sampled_from(BEGINNINGS), st.binary(max_size=200))
def test_no_bytes_raise_anything_else(beginning: bytes, rest: bytes) -> None:
    with suppress(NoImage):
        assert pixels(beginning + rest) > 0


@given(st.sampled_from(sorted(FILES)), st.integers(min_value=0, max_value=400), st.integers(min_value=0, max_value=255))
def test_no_changed_byte_raises_anything_else(name: str, at: int, byte: int) -> None:
    data = bytearray(FILES[name])
    data[at % len(data)] = byte
    with suppress(NoImage):
        assert pixels(bytes(data)) > 0
