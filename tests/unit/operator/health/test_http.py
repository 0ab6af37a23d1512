from __future__ import annotations

from http import HTTPStatus

import pytest

from laneway_operator.health.http import Health
from laneway_operator.health.metrics import Metrics
from laneway_operator.health.vitals import Vitals

SIGNS = {"loop": "the event loop", "leader": "the Lease", "queue": "the work queue"}


def health(*, ready: bool = True, silent: str = "") -> Health:
    """With a part that has given no sign for five minutes."""
    signs = {name: (lambda name=name: 301.0 if name == silent else 0.0) for name in SIGNS}
    vitals = Vitals(**signs, watches=dict)
    return Health(vitals.stalled, lambda: ready, Metrics().text)


def test_it_is_alive_and_ready() -> None:
    assert [health().page(path)[0] for path in ("/healthz", "/readyz")] == [HTTPStatus.OK] * 2


@pytest.mark.parametrize("name", SIGNS)
def test_what_stands_still_is_named(name: str) -> None:
    status, words = health(silent=name).page("/healthz")
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert words == f"no progress: {SIGNS[name]} for 301 s\n".encode()


def test_before_pools_were_listed_it_says_what_to_look_at() -> None:
    status, words = health(ready=False).page("/readyz")
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert b"is the chart laneway-crds installed" in words


def test_metrics_are_there_and_other_addresses_are_not() -> None:
    assert b"laneway_operator_leader" in health().page("/metrics")[1]
    assert health().page("/")[0] == HTTPStatus.NOT_FOUND
