from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway_gateway.replies import lines
from laneway_gateway.replies.lines import MOST_LINE, Lines, NoLine, TooMuch

TEXTS = ["Par", "is\nit", "…", ""]
STREAM = b"".join(json.dumps({"record": {"response": each}}).encode() + b"\n" for each in TEXTS)


@given(st.lists(st.integers(0, len(STREAM))))
def test_lines_come_out_however_the_stream_is_cut(cuts: list[int]) -> None:
    reader = Lines()
    chunks = [STREAM[one:two] for one, two in pairwise([0, *sorted(cuts), len(STREAM)])]
    found = [each for chunk in chunks for each in reader.feed(chunk)]
    assert [each.record and each.record["response"] for each in found] == TEXTS


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"record":{}',
        b'{"record":1}',
        b'{"other":{}}',
        b'{"record":{},"ended":{"etag":"a","sha256":"b"}}',
        b'{"started":{"attempt":0,"worker":"w"}}',
        b'{"started":{"attempt":1001,"worker":"w"}}',
        b'{"again":{"reason":"bored"}}',
        b'{"record":{"response":"\xff"}}',
        b'{"record":' + b'{"a":' * 100_000,
        b"\x00\x01\x02",
    ],
)
def test_what_is_no_line_is_refused_without_its_text(line: bytes) -> None:
    with pytest.raises(NoLine) as raised:
        Lines().feed(line + b"\n")
    assert str(raised.value) == ""


def test_a_line_has_so_many_bytes_and_no_more() -> None:
    frame = len(b'{"record":{"response":""}}')
    longest = b'{"record":{"response":"' + b"x" * (MOST_LINE - frame) + b'"}}'
    (found,) = Lines().feed(longest + b"\n")
    assert found.record is not None
    with pytest.raises(TooMuch):
        Lines().feed(b" " + longest + b"\n")
    reader = Lines()
    reader.feed(longest)
    with pytest.raises(TooMuch):
        reader.feed(b" ")


def test_a_stream_has_so_many_bytes_and_no_more() -> None:
    reader = Lines()
    chunk = b'{"record":{"response":"' + b"x" * (MOST_LINE - 26) + b'"}}\n'
    for _ in range(lines.MOST_BYTES // len(chunk)):
        reader.feed(chunk)
    with pytest.raises(TooMuch):
        reader.feed(chunk)
