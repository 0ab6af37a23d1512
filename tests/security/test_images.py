"""Small files that are as large as all memory once they are decoded, or take minutes to decode."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.chat import Message
from laneway.schema.job.job import MAX_PIXELS, Job
from laneway_worker.errors import JobError
from laneway_worker.request.images import MOST_SCANS
from laneway_worker.request.request import check
from support.worker.lane import documents_with

if TYPE_CHECKING:
    from collections.abc import Callable

    Making = Callable[..., Job]


def checked(job: Job) -> None:
    lane = documents_with()
    check(job, lane.config, lane.live.destinations)


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return base64.b64encode(head + bytes(700)).decode()


def jpeg(scans: int, *, between: bytes = b"") -> str:
    """A progressive picture of 49 million pixels, each scan of which says that nothing changes."""
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, 7000, 7000, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x10\x01\x3f\x00" + bytes(40)
    return base64.b64encode(b"\xff\xd8" + frame + between + scan * scans + b"\xff\xd9").decode()


def a_prompt(*images: str) -> Job:
    return Job(prompt="What is this?", images=list(images))


def a_chat(*images: str) -> Job:
    return Job(messages=[Message(role="user", images=[image]) for image in images])


@pytest.mark.parametrize("job", [a_prompt, a_chat])
@pytest.mark.parametrize(
    ("images", "told"),
    [
        ([png(64_000, 64_000)], "4,096,000,000"),
        ([png(2**31 - 1, 2**31 - 1)], "4,611,686,014,132,420,609"),
        ([png(MAX_PIXELS + 1, 1)], "50,000,001"),
        ([png(5000, 5000)] * 3, "75,000,000"),
    ],
)
def test_more_pixels_than_fit_into_memory_are_refused_with_numbers(
    job: type[Job], images: list[str], told: str
) -> None:
    with pytest.raises(JobError, match=f"have {told} pixels together; at most 50,000,000 are accepted") as caught:
        checked(job(*images))
    assert caught.value.code is ErrorCode.INVALID_JOB


@pytest.mark.parametrize("job", [a_prompt, a_chat])
def test_a_page_that_was_scanned_is_accepted(job: Making) -> None:
    checked(job(png(4961, 7016)))  # A4 at 600 dots an inch


@pytest.mark.parametrize("job", [a_prompt, a_chat])
@pytest.mark.parametrize("scans", [MOST_SCANS + 1, 13_000])
def test_a_picture_that_takes_minutes_to_decode_is_refused(job: Making, scans: int) -> None:
    with pytest.raises(JobError, match="image 1 is a JPEG of more than 32 scans") as caught:
        checked(job(jpeg(scans)))
    assert caught.value.code is ErrorCode.INVALID_JOB


def test_scans_are_counted_as_a_decoder_finds_them() -> None:
    coded = b"\xff\x00\xda" * 1000  # an 0xFF of coded data, and what comes behind
    checked(a_prompt(jpeg(10, between=b"\xff\xe2" + struct.pack(">H", 2 + len(coded)) + coded)))
    with pytest.raises(JobError, match="scans"):
        checked(a_prompt(jpeg(0, between=b"\xff\xff\xff\xda\x00\x02" * (MOST_SCANS + 1))))
