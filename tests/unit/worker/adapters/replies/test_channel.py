from __future__ import annotations

import json
from collections import deque
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.result import Result
from laneway_worker.adapters.replies.channel import GATHER_SECONDS, MOST_GATHERED, WiredChannel
from laneway_worker.adapters.replies.wire import Broken, To
from support.inputs.offers import result
from support.worker.lane import WatchedClock

if TYPE_CHECKING:
    from collections.abc import Callable

TO = To("abcdefgh01234567", "job-1", "0" * 64, attempt=2, receives=1)
ENDED = result(id="job-1", text="Paris.")
STARTED: dict[str, Any] = {"started": {"attempt": 2, "worker": "worker-1"}}


class FakeStream:
    """A stream whose other side is the test."""

    def __init__(self, clock: WatchedClock) -> None:
        self._changed = clock.condition()
        self.writes: list[bytes] = []
        self.rung = False
        self.rings = 0
        self.broken: Exception | None = None
        self.finishes = True
        self.end = ""

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken

    def send(self, lines: bytes) -> None:
        self._check()
        self.writes.append(lines)

    def wait(self, seconds: float | None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.rung or self.broken is not None, seconds)
            self.rung = False
        self._check()

    def wake(self) -> None:
        with self._changed:
            self.rings += 1
            self.rung = True
            self._changed.notify_all()

    def finish(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.finishes)
        self._check()
        self.end = "finished"

    def close(self) -> None:
        self.end = self.end or "cut"

    def change(self, **fields: object) -> None:
        with self._changed:
            for name, value in fields.items():
                setattr(self, name, value)
            self._changed.notify_all()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for each in self.writes for line in each.splitlines()]


class FakeWire:
    """Opens streams, or does not."""

    def __init__(self, clock: WatchedClock) -> None:
        self._clock = clock
        self._changed = clock.condition()
        self.streams: list[FakeStream] = []
        self.errors: deque[Exception] = deque()
        self.opens = True

    def open(self, to: To) -> FakeStream:
        assert to is TO
        with self._changed:
            self._changed.wait_for(lambda: self.opens)
        if self.errors:
            raise self.errors.popleft()
        self.streams.append(FakeStream(self._clock))
        return self.streams[-1]

    def let_open(self) -> None:
        with self._changed:
            self.opens = True
            self._changed.notify_all()


class Bench:
    def __init__(self) -> None:
        self.clock = WatchedClock()
        self.wire = FakeWire(self.clock)
        self.losses = 0
        self.channel = WiredChannel(self.wire, self.clock, TO, "worker-1", self._lost)

    def _lost(self) -> None:
        self.losses += 1

    def tell(self, *steps: Callable[[], None]) -> None:
        for each in steps:
            each()
            self.clock.settle()

    def record(self, text: str) -> Callable[[], None]:
        return lambda: self.channel.record(json.dumps({"response": text}).encode())

    def end(self) -> None:
        self.channel.ended(ENDED, '"e"')

    @property
    def stream(self) -> FakeStream:
        return self.wire.streams[-1]


def record(text: str) -> dict[str, Any]:
    return {"record": {"response": text}}


def ended(said: str = "Paris.") -> dict[str, Any]:
    return {"ended": {"etag": '"e"', "sha256": sha256(said.encode()).hexdigest()}}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_all_is_told_in_order_and_the_stream_ends(bench: Bench) -> None:
    bench.tell(bench.channel.started, bench.record("Par"), bench.record("is."), bench.end)
    assert bench.stream.lines == [STARTED, record("Par"), record("is."), ended()]
    assert (bench.stream.end, bench.losses, bench.clock.idle) == ("finished", 0, True)


def test_the_first_record_goes_at_once_and_those_after_it_gather(bench: Bench) -> None:
    bench.tell(bench.channel.started)
    bench.clock.advance(GATHER_SECONDS)
    bench.tell(bench.record("one"))
    assert len(bench.stream.writes) == 2
    bench.tell(bench.record("two"), bench.record("three"))
    assert len(bench.stream.writes) == 2
    bench.clock.advance(GATHER_SECONDS)
    bench.clock.settle()
    assert [len(each.splitlines()) for each in bench.stream.writes] == [1, 1, 2]


def test_an_engine_that_is_fast_need_not_ring(bench: Bench) -> None:
    bench.tell(bench.channel.started, bench.record("one"), bench.record("two"))
    for number in range(10):
        bench.clock.advance(GATHER_SECONDS)
        bench.clock.settle()
        rings = bench.stream.rings
        bench.tell(*(bench.record(str(number)) for _ in range(5)))
        assert bench.stream.rings == rings
    bench.tell(bench.end)
    assert len(bench.stream.lines) == 1 + 2 + 50 + 1
    assert len(bench.stream.writes) <= 13


def test_the_end_waits_for_nothing(bench: Bench) -> None:
    bench.tell(bench.channel.started, bench.record("one"), bench.end)
    assert bench.clock.monotonic() == 0
    assert bench.stream.end == "finished"


def test_what_is_told_while_the_stream_is_opened_goes_together(bench: Bench) -> None:
    bench.wire.opens = False
    bench.tell(bench.channel.started, bench.record("one"), bench.record("two"))
    bench.wire.let_open()
    bench.clock.settle()
    assert len(bench.stream.writes) == 1
    assert bench.stream.lines == [STARTED, record("one"), record("two")]


def test_a_start_is_told_once(bench: Bench) -> None:
    bench.tell(bench.channel.started, bench.channel.started, bench.end)
    assert bench.stream.lines == [STARTED, ended()]


def test_who_begins_anew_opens_another_stream_once_the_first_one_was_taken(bench: Bench) -> None:
    bench.tell(bench.channel.started, bench.record("Rome"))
    bench.stream.change(finishes=False)
    bench.tell(bench.channel.started, bench.record("Paris."), bench.end)
    (first,) = bench.wire.streams
    first.change(finishes=True)
    bench.clock.settle()
    assert first.lines == [STARTED, record("Rome"), {"again": {"reason": "given_back"}}]
    assert bench.stream.lines == [STARTED, record("Paris."), ended()]
    assert [each.end for each in bench.wire.streams] == ["finished", "finished"]


def test_an_attempt_that_fails_is_told_once_and_then_the_end_of_another_one(bench: Bench) -> None:
    bench.tell(bench.channel.started, lambda: bench.channel.again("failed"), lambda: bench.channel.again("given_back"))
    assert bench.stream.lines == [STARTED, {"again": {"reason": "failed"}}]
    assert (bench.stream.end, bench.clock.idle) == ("finished", True)
    bench.tell(bench.end)
    assert bench.stream.lines == [ended()]
    assert len(bench.wire.streams) == 2


def test_who_never_began_tells_only_the_end(bench: Bench) -> None:
    bench.tell(lambda: bench.channel.again("given_back"), bench.record("x"))
    assert bench.wire.streams == []
    bench.tell(bench.end)
    assert bench.stream.lines == [ended()]


def test_after_the_end_nothing_is_told(bench: Bench) -> None:
    bench.tell(bench.channel.started, bench.end)
    again: list[Callable[[], None]] = [bench.channel.started, bench.record("x"), bench.end]
    bench.tell(*again, lambda: bench.channel.again("failed"))
    assert bench.stream.lines == [STARTED, ended()]
    assert len(bench.wire.streams) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": None, "message": {"role": "assistant", "content": "Paris."}}, "Paris."),
        ({"text": "half a pair \ud83d"}, None),
        ({"status": "failed", "text": None}, ""),
    ],
)
def test_the_end_tells_what_stands_by_its_hash(bench: Bench, fields: dict[str, Any], said: str | None) -> None:
    stands = Result.model_construct(**vars(ENDED) | fields)
    bench.tell(lambda: bench.channel.ended(stands, '"e"'))
    (line,) = bench.stream.lines
    hashed = sha256((fields["text"] or "").encode(errors="surrogatepass") if said is None else said.encode())
    assert line["ended"]["sha256"] == hashed.hexdigest()


def test_a_gateway_that_can_not_be_reached_is_lost_once(bench: Bench) -> None:
    bench.wire.errors.append(Broken("can't connect"))
    bench.tell(bench.channel.started, bench.record("x"), bench.channel.started, bench.end)
    assert (bench.channel.lost, bench.losses, bench.wire.streams, bench.clock.idle) == (True, 1, [], True)


def test_a_write_that_fails_ends_the_telling(bench: Bench) -> None:
    bench.tell(bench.channel.started)
    bench.stream.broken = Broken("it reads too slowly")
    bench.clock.advance(GATHER_SECONDS)
    bench.tell(bench.record("x"), bench.end)
    assert (bench.channel.lost, bench.losses, bench.stream.end) == (True, 1, "cut")
    assert len(bench.wire.streams) == 1


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_who_hangs_up_is_noticed_while_nothing_is_told(bench: Bench, seconds: float) -> None:
    bench.tell(bench.channel.started)
    bench.clock.advance(seconds)
    bench.clock.settle()
    bench.stream.change(broken=Broken("it answered 410"))
    bench.clock.settle()
    assert (bench.channel.lost, bench.losses, bench.clock.idle) == (True, 1, True)


def test_no_more_gathers_than_there_is_room_for(bench: Bench) -> None:
    bench.wire.opens = False
    bench.tell(bench.channel.started)
    line = json.dumps({"response": "x" * 1000}).encode()
    for _ in range(MOST_GATHERED // 1000 + 1):
        bench.channel.record(line)
    assert (bench.channel.lost, bench.losses) == (True, 1)
    bench.wire.let_open()
    bench.clock.settle()
    assert (bench.stream.writes, bench.stream.end, bench.clock.idle) == ([], "cut", True)


def test_a_defect_of_the_wire_costs_the_stream_alone(bench: Bench) -> None:
    bench.wire.errors.append(ZeroDivisionError())
    bench.tell(bench.channel.started)
    assert (bench.channel.lost, bench.losses, bench.clock.errors) == (True, 1, [])


def test_without_a_thread_nothing_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def spawn(_: str, __: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(bench.clock, "spawn", spawn)
    bench.channel.started()
    assert (bench.channel.lost, bench.losses) == (True, 1)


def test_a_loss_is_logged_without_a_word_of_the_answer(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bench.tell(bench.channel.started)
    bench.stream.broken = Broken("it answered 410")
    bench.clock.advance(GATHER_SECONDS)
    bench.tell(bench.record("secret"))
    (line,) = caplog.records
    assert vars(line)["fields"] == {"id": "job-1", "gateway": TO.gateway, "why": "it answered 410"}
