from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest

from laneway.schema.job.keys import Place
from laneway.schema.job.reply import GatewayDocument
from laneway_gateway.replies.identity import make_identity
from laneway_worker.adapters.replies.believed import NotBelieved
from laneway_worker.adapters.replies.registrations import MOST_BYTES, MOST_KEPT, Registrations
from laneway_worker.errors import Unavailable
from laneway_worker.ports.objects import Stored
from laneway_worker.testing.memory import MemoryStore
from support.worker.lane import WatchedClock

PLACE = Place(bucket="acme-llm", prefix="documents/")
ID = "abcdefgh01234567"
CLOCK = WatchedClock()


@lru_cache
def certificate() -> str:
    return make_identity(ID, "10.0.0.1", CLOCK.now()).certificate


class Bench:
    def __init__(self) -> None:
        self.clock = WatchedClock()
        self.store = MemoryStore(self.clock)
        self.registrations = Registrations(self.store, PLACE, self.clock, local=False)

    def register(self, gateway: str = ID, **fields: Any) -> None:
        now = self.clock.now()
        told: dict[str, Any] = {"address": "10.0.0.1", "port": 8443, "certificate": certificate(), "version": "0"}
        document = GatewayDocument(id=gateway, started_at=now, **told | {"renewed_at": now} | fields)
        self.put(document.model_dump_json().encode(), gateway)

    def put(self, body: bytes, gateway: str = ID) -> None:
        self.store.objects[PLACE.bucket, PLACE.gateway(gateway)] = Stored(body, '"e"')

    def is_found(self, gateway: str = ID) -> bool:
        try:
            return self.registrations.find(gateway).address == "10.0.0.1"
        except NotBelieved:
            return False

    @property
    def gets(self) -> int:
        return len(self.store.calls)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_gateway_is_read_once_for_as_long_as_its_registration_counts(bench: Bench) -> None:
    bench.register()
    assert [bench.is_found() for _ in range(3)] == [True] * 3
    bench.clock.advance(239)
    assert bench.is_found()
    assert bench.gets == 1
    bench.clock.advance(1)
    assert not bench.is_found()
    bench.register()
    bench.clock.advance(60)
    assert bench.is_found()
    assert bench.gets == 3


def test_an_id_of_nobody_costs_one_look_a_minute(bench: Bench) -> None:
    assert [bench.is_found() for _ in range(5)] == [False] * 5
    bench.clock.advance(59)
    bench.register()
    assert not bench.is_found()
    assert bench.gets == 1
    bench.clock.advance(1)
    assert bench.is_found()
    assert bench.gets == 2


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"x" * (MOST_BYTES + 1)])
def test_what_is_no_registration_is_none(bench: Bench, body: bytes) -> None:
    bench.put(body)
    assert not bench.is_found()


def test_one_that_was_written_for_another_id_is_none(bench: Bench) -> None:
    bench.register("b" * 16)
    bench.put(bench.store.objects[PLACE.bucket, PLACE.gateway("b" * 16)].body)
    assert not bench.is_found()


def test_while_the_store_is_down_nobody_is_found_and_nothing_is_raised(bench: Bench) -> None:
    bench.store.down = True
    assert not bench.is_found()
    bench.store.down, bench.store.refusal = False, Unavailable("x")
    bench.register()
    bench.clock.advance(60)
    assert bench.is_found()


def test_no_more_are_kept_than_there_is_room_for(bench: Bench) -> None:
    bench.register()
    assert bench.is_found()
    for number in range(MOST_KEPT):
        bench.is_found(f"{number:016}")
    assert len(bench.registrations._known) == MOST_KEPT
    assert bench.is_found()
    assert bench.gets == MOST_KEPT + 2


def test_two_who_ask_at_once_ask_once(bench: Bench) -> None:
    bench.register()
    held = bench.clock.condition()
    waits = [True]
    inner = bench.store.get

    def get(bucket: str, key: str, most_bytes: int) -> Stored | None:
        with held:
            held.wait_for(lambda: not waits)
        return inner(bucket, key, most_bytes)

    bench.store.get = get  # type: ignore[method-assign] # because the fake answers at once
    found: list[bool] = []
    for name in "ab":
        bench.clock.spawn(name, lambda: found.append(bench.is_found()))
    bench.clock.settle()
    with held:
        waits.clear()
        held.notify_all()
    bench.clock.settle()
    assert (found, bench.gets) == ([True, True], 1)


def test_a_clock_that_is_a_minute_behind_finds_it(bench: Bench) -> None:
    bench.register(renewed_at=bench.clock.now() + timedelta(seconds=59))
    assert bench.is_found()
