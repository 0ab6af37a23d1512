"""Why a client's waiting ends before its job does."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive

    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.inside import Inside

TICK_SECONDS = 10.0  # LangChain gives a stream up after 120 s without a chunk; proxies after 60
MARGIN_SECONDS = 5.0


class Over(Enum):
    """Why nobody waits any more."""

    HUNG_UP = auto()
    OUT_OF_TIME = auto()
    """The client, or the load balancer before us, is about to give up."""
    REVOKED = auto()
    """Its key is no longer one."""


async def hung_up(receive: Receive) -> Over:
    """Return when the client has gone; the body has been read before."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return Over.HUNG_UP


async def revoked(inside: Inside, caller: Caller) -> Over:
    """Return when the key is no longer the tenant's."""
    while True:
        await inside.clock.sleep(TICK_SECONDS)
        if not caller.stands(inside.keys):
            return Over.REVOKED


async def out_of_time(inside: Inside, seconds: float) -> Over:
    """Return after so many seconds."""
    await inside.clock.sleep(max(seconds, 0.0))
    return Over.OUT_OF_TIME


def patience(deadline: float | None, edge_idle_seconds: float) -> float:
    """How many seconds an answer may take that is sent whole: some less than the client has, and than the load balancer
    lets a connection be silent.
    """
    most = min(deadline, edge_idle_seconds) if deadline is not None else edge_idle_seconds
    return most - min(MARGIN_SECONDS, most / 2)
