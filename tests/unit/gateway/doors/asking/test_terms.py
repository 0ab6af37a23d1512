from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from laneway_gateway.doors.asking.terms import Terms, terms_of
from laneway_gateway.doors.door import Denied


@pytest.mark.parametrize(
    ("headers", "terms"),
    [
        ({}, Terms()),
        ({"X-Stainless-Retry-Count": "2"}, Terms(retry=2)),
        ({"X-Stainless-Retry-Count": "9999"}, Terms(retry=1000)),
        ({"X-Stainless-Retry-Count": "-1"}, Terms()),
        ({"X-Stainless-Retry-Count": "²"}, Terms()),
        ({"X-Stainless-Retry-Count": "1" * 5000}, Terms()),
        ({"Idempotency-Key": "a-1"}, Terms(idempotency_key="a-1")),
        ({"X-Laneway-On-Disconnect": "keep"}, Terms(kept=True)),
        ({"X-Laneway-On-Disconnect": "cancel"}, Terms()),
        ({"X-Laneway-Lane": "slow"}, Terms(lane="slow")),
        ({"Prefer": "wait=10, respond-async"}, Terms(later=True)),
        ({"x-stainless-read-timeout": "600"}, Terms(deadline=600)),
        ({"X-Stainless-Timeout": "30"}, Terms(deadline=30)),
        ({"x-stainless-read-timeout": "600.5", "X-Stainless-Timeout": "30"}, Terms(deadline=30)),
        ({"x-stainless-read-timeout": "None"}, Terms()),
        ({"x-stainless-read-timeout": "nan"}, Terms()),
        ({"x-stainless-read-timeout": "inf"}, Terms()),
        ({"x-stainless-read-timeout": "0"}, Terms()),
    ],
)
def test_what_the_headers_say(headers: dict[str, str], terms: Terms) -> None:
    assert terms_of(Headers(headers)) == terms


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "a b"),
        ("Idempotency-Key", "a" * 256),
        ("X-Laneway-On-Disconnect", "stay"),
        ("X-Laneway-Lane", "../slow"),
    ],
)
def test_what_they_must_not_say(name: str, value: str) -> None:
    with pytest.raises(Denied, match=f"{name}: should be") as denied:
        terms_of(Headers({name: value}))
    assert (denied.value.status, denied.value.headers) == (400, {"x-should-retry": "false"})
