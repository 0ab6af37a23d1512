from __future__ import annotations

from datetime import UTC, datetime

import pytest

from laneway.client.aws.answers import age_of, date_of

AT = datetime(2026, 11, 30, 18, 42, 1, tzinfo=UTC)
GMT = "Mon, 30 Nov 2026 18:42:01 GMT"


def answer(date: str | None) -> dict[str, object]:
    return {"ResponseMetadata": {"HTTPHeaders": {} if date is None else {"date": date}}}


@pytest.mark.parametrize(
    "date",
    [
        GMT,
        f"{GMT}, {GMT}",  # a proxy has put its own beside S3's, and urllib3 joins what stands twice
        "Mon, 30 Nov 2026 18:42:01 -0000",  # a zone that nobody names is UTC
        "Mon, 30 Nov 2026 18:42:01",
        "Mon Nov 30 18:42:01 2026",
        "Monday, 30-Nov-26 18:42:01 GMT",
        "Mon, 30 Nov 2026 19:42:01 +0100",
    ],
)
def test_s3_answered_at_a_time_of_utc_however_it_is_written(date: str) -> None:
    assert date_of(answer(date)) == AT


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 30 Nov 2026 18:42:01 +9999"])
def test_a_date_that_nobody_can_read_is_none(date: str | None) -> None:
    assert date_of(answer(date)) is None
    assert age_of(AT, date_of(answer(date))) == 0.0


def test_an_object_whose_date_has_no_zone_was_written_in_utc() -> None:
    assert age_of(datetime(2026, 11, 30, 18, 42, 0), AT) == 1.0  # noqa: DTZ001 - so botocore reads it


def test_what_was_written_after_the_answer_by_another_clock_is_new() -> None:
    assert age_of(AT, datetime(2026, 11, 30, 18, 41, 0, tzinfo=UTC)) == 0.0
