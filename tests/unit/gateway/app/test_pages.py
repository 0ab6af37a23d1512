from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway_gateway.adapters.metrics import Metrics
from laneway_gateway.app.pages import STALLED_SECONDS, Pages
from laneway_gateway.testing.clock import settle

if TYPE_CHECKING:
    from laneway_gateway.testing.clock import ManualClock

WELL = (HTTPStatus.OK, b"ok\n")


def test_it_is_ready_when_it_takes_requests_and_says_why_not(clock: ManualClock) -> None:
    pages = Pages(clock)
    assert pages.page("/readyz") == (HTTPStatus.SERVICE_UNAVAILABLE, b"it starts\n")
    pages.why_not_ready = ""
    assert pages.page("/readyz") == WELL


async def test_it_is_alive_as_long_as_its_loop_goes_round(clock: ManualClock) -> None:
    pages = Pages(clock)
    beating = asyncio.ensure_future(pages.run())
    await clock.advance(10 * STALLED_SECONDS)
    assert pages.page("/healthz") == WELL
    beating.cancel()
    await settle()
    await clock.advance(STALLED_SECONDS + 1)
    assert pages.page("/healthz") == (HTTPStatus.SERVICE_UNAVAILABLE, b"no progress for 31 s\n")


def test_there_are_metrics_once_the_pool_has_a_name(clock: ManualClock) -> None:
    pages = Pages(clock)
    assert pages.page("/metrics") == (HTTPStatus.OK, b"")
    pages.metrics = Metrics("nlp/documents")
    assert b"laneway_gateway_" in pages.page("/metrics")[1]


def test_another_path_is_told_of_those_that_there_are(clock: ManualClock) -> None:
    assert Pages(clock).page("/")[0] == HTTPStatus.NOT_FOUND
