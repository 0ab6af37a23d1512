from __future__ import annotations

from http import HTTPStatus

import pytest

from laneway_operator.health.http import Health
from laneway_operator.health.metrics import Metrics
from laneway_operator.health.vitals import Vitals, unready

SIGNS = {"loop": "the event loop", "leader": "the Lease", "queue": "the work queue"}


def health(*, waiting: str = "", silent: str = "") -> Health:
    """With a part that has given no sign for five minutes."""
    signs = {name: (lambda name=name: 301.0 if name == silent else 0.0) for name in SIGNS}
    vitals = Vitals(**signs, watches=dict)
    return Health(vitals.stalled, lambda: waiting, Metrics().text)


def test_it_is_alive_and_ready() -> None:
    assert [health().page(path)[0] for path in ("/healthz", "/readyz")] == [HTTPStatus.OK] * 2


@pytest.mark.parametrize("name", SIGNS)
def test_what_stands_still_is_named(name: str) -> None:
    status, words = health(silent=name).page("/healthz")
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert words == f"no progress: {SIGNS[name]} for 301 s\n".encode()


def test_it_is_not_ready_before_it_knows_everything_nor_while_something_stands_still() -> None:
    status, words = health(waiting="not listed yet: /api/v1/pods").page("/readyz")
    assert (status, words) == (HTTPStatus.SERVICE_UNAVAILABLE, b"not ready: not listed yet: /api/v1/pods\n")
    assert health(silent="queue").page("/readyz")[0] == HTTPStatus.SERVICE_UNAVAILABLE


def test_what_a_start_waits_for_is_named() -> None:
    assert unready([], whole=True, leader_known=True) == ""
    assert unready(["/a"], whole=True, leader_known=True) == ""
    assert "the Lease" in unready([], whole=True, leader_known=False)
    assert "is the chart laneway-crds installed" in unready([], whole=False, leader_known=True)
    assert unready(list("abcde"), whole=False, leader_known=True) == "not listed yet: a, b, c and 2 more"


def test_metrics_are_there_and_other_addresses_are_not() -> None:
    assert b"laneway_operator_leader" in health().page("/metrics")[1]
    assert health().page("/")[0] == HTTPStatus.NOT_FOUND
