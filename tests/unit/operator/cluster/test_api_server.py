"""What an answer of the API server means."""

from __future__ import annotations

import json

import pytest

from laneway_operator.cluster.api_server import read_answer
from laneway_operator.errors import Conflict, SpecError, Unreachable
from laneway_operator.reasons import Reason

DOWN = 'Internal error occurred: failed calling webhook "images.kyverno.svc": failed to call webhook: no endpoints'
DENIED = 'admission webhook "images.kyverno.svc" denied the request: not from our registry'


def answer(status: int, message: str = "no", **headers: str) -> object:
    return read_answer(status, headers, json.dumps({"message": message}).encode(), "PATCH /a")


def test_an_object_is_read_and_one_that_is_not_there_is_none() -> None:
    assert read_answer(201, {}, b'{"a": 1}', "PATCH /a") == {"a": 1}
    assert answer(404) is None


@pytest.mark.parametrize(("status", "message"), [(400, "a"), (403, "a"), (422, "a"), (500, DOWN), (409, DENIED)])
def test_what_is_refused_is_told_in_the_servers_words(status: int, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        answer(status, message)
    assert (caught.value.reason, str(caught.value)) == (Reason.REFUSED, message)


@pytest.mark.parametrize("status", [401, 409, 429, 500, 503])
def test_everything_else_passes(status: int) -> None:
    with pytest.raises(Unreachable, match=f"PATCH /a: {status} no") as caught:
        answer(status)
    assert isinstance(caught.value, Conflict) == (status == 409)
    assert caught.value.after is None


@pytest.mark.parametrize(("header", "after"), [("7", 7.0), ("Thu, 26 Nov 2026 18:00:00 GMT", None)])
def test_a_server_says_for_how_long_it_wants_to_be_left_alone(header: str, after: float | None) -> None:
    with pytest.raises(Unreachable) as caught:
        answer(429, **{"Retry-After": header})
    assert caught.value.after == after


def test_words_that_are_no_status_are_passed_over() -> None:
    with pytest.raises(Unreachable, match="502"):
        read_answer(502, {}, b"<html>", "GET /a")
