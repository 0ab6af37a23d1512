from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laneway_gateway.held.ids import made_at, new_gateway_id, new_id


def test_an_id_says_when_it_was_made() -> None:
    made = made_at(new_id(new_gateway_id()))
    assert made
    assert abs(made - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("strange", ["", "invoice-4711", "a" * 16, f"{'a' * 16}-", f"{'a' * 16}-!!!!!!!!!!", "Z" * 40])
def test_another_one_says_nothing(strange: str) -> None:
    assert made_at(strange) is None


def test_a_time_that_there_is_not_is_none() -> None:
    assert made_at(f"{'a' * 16}-ZZZZZZZZZZ") is None
