"""What Python has and JSON has not, in a job."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from laneway.client.compose import compose
from laneway.schema.job.fields.chat import Message
from laneway.schema.job.job import InvalidJob
from support.inputs.images import PNG


class Team(Enum):
    CLAIMS = "claims"


def test_numbers_of_other_libraries_are_numbers() -> None:
    options = compose(
        "p", {"options": {"num_predict": Decimal(12), "top_k": Fraction(40), "top_p": Decimal("0.5")}}
    ).options
    assert options is not None
    assert (options.num_predict, options.top_k, options.top_p) == (12, 40, 0.5)


def test_a_part_of_a_number_is_no_whole_one() -> None:
    with pytest.raises(InvalidJob, match="num_predict: should be a whole number"):
        compose("p", {"options": {"num_predict": Decimal("12.5")}})


def test_the_bytes_of_a_file_are_an_image() -> None:
    assert compose("p", {"images": [base64.b64decode(PNG)]}).images == [PNG]


def test_what_stands_for_a_text_is_one() -> None:
    number = UUID("12345678-1234-5678-1234-567812345678")
    job = compose(
        "p", {"id": number, "labels": {"team": Team.CLAIMS}, "expires_at": datetime(2026, 11, 28, tzinfo=UTC)}
    )
    assert (job.id, job.labels) == (str(number), {"team": "claims"})
    assert job.expires_at == datetime(2026, 11, 28, tzinfo=UTC)


def test_messages_may_be_models() -> None:
    assert compose({"messages": [Message(role="user", content="a")]}, {}).messages == [
        Message(role="user", content="a")
    ]


def held_by_itself() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["a"] = found
    return found


@pytest.mark.parametrize("value", [{(1, 2): "a"}, held_by_itself()], ids=["a key that is no text", "a circle"])
def test_what_can_t_be_written_as_json_is_told(value: Any) -> None:
    with pytest.raises(InvalidJob, match="the job can't be written as JSON"):
        compose("p", {"format": value})


@pytest.mark.parametrize("value", [object(), open], ids=["object", "function"])
def test_what_has_no_form_in_json_is_told(value: Any) -> None:
    with pytest.raises(InvalidJob, match=f"a {type(value).__name__} can't be sent as JSON"):
        compose("p", {"labels": {"a": value}})
