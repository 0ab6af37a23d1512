from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway_worker.adapters.ollama.stream import MOST_LINE_BYTES, LineTooLong, lines

KIB = 1024
LONG_SECONDS = 10.0  # of this thread's CPU; a copy of all that has come for each chunk takes minutes


@given(st.lists(st.binary(max_size=6) | st.sampled_from([b"\n", b"a\nb", b"\n\n"])))
def test_lines_are_what_stands_between_line_feeds_however_they_come(chunks: list[bytes]) -> None:
    assert list(lines(iter(chunks))) == b"".join(chunks).split(b"\n")


def test_a_long_line_is_read_in_one_go() -> None:
    chunk = bytes(KIB)
    began = time.thread_time()
    (line,) = lines(chunk for _ in range(MOST_LINE_BYTES // KIB))
    assert len(line) == MOST_LINE_BYTES
    assert time.thread_time() - began < LONG_SECONDS


@pytest.mark.parametrize("chunks", [[b"aaa", b"aa"], [b"aaaaa"], [b"aaaaa\n"], [b"a\naaa", b"aa\n"], [b"aaa", b"aa\n"]])
def test_a_line_that_is_too_long_is_not_read_to_its_end(chunks: list[bytes]) -> None:
    with pytest.raises(LineTooLong):
        list(lines(iter(chunks), 4))


@pytest.mark.parametrize("chunks", [[b"aaaa\n", b"aaaa"], [b"aa", b"aa\naa", b"aa\n"], [b"a\n" * 9]])
def test_the_bound_is_of_one_line(chunks: list[bytes]) -> None:
    assert all(len(line) <= 4 for line in lines(iter(chunks), 4))
