"""Small files that are as large as all memory once they are decoded."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import MAX_PIXELS, Job, Message
from laneway_worker.errors import JobError
from laneway_worker.request.request import check
from support.worker.lane import config_with

if TYPE_CHECKING:
    from collections.abc import Callable

    Making = Callable[..., Job]


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return base64.b64encode(head + bytes(700)).decode()


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
        check(job(*images), config_with())
    assert caught.value.code is ErrorCode.INVALID_JOB


@pytest.mark.parametrize("job", [a_prompt, a_chat])
def test_a_page_that_was_scanned_is_accepted(job: Making) -> None:
    check(job(png(4961, 7016)), config_with())  # A4 at 600 dots an inch
