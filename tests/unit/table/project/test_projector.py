from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from laneway_table.errors import QueueUnavailable, RowsRefused, TableUnavailable, TableUnusable
from laneway_table.project.halving import Written, write
from laneway_table.project.health import HUNG_SECONDS, Health
from laneway_table.project.projector import LONGEST_PAUSE_SECONDS, Projector, pause_after
from laneway_table.project.reading import read
from laneway_table.project.retention import BATCH, PAUSE_SECONDS, expire
from laneway_table.testing.events import HELD_SECONDS, Counted, ManualClock, ManualStop, MemoryEvents
from laneway_table.testing.memory import MemoryTable
from support.table.events import SOURCE, event
from support.table.rows import POOL, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway_table.rows.row import Row

DOWN = TableUnavailable("PostgreSQL: the database system is shutting down")


class Picky(MemoryTable):
    """Refuses rows of some ids."""

    def __init__(self, *bad: str) -> None:
        super().__init__()
        self.bad = bad

    def upsert(self, rows: Sequence[Row]) -> int:
        if any(each.id in self.bad for each in rows):
            self.calls["upsert"] += 1
            raise RowsRefused("a row is refused")
        return super().upsert(rows)


@dataclass
class World:
    table: MemoryTable = field(default_factory=MemoryTable)
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.stop = ManualStop(self.clock)
        self.events = MemoryEvents(self.clock)
        self.figures = Counted()
        self.health = Health(self.clock.monotonic, lambda: b"")
        self.projector = Projector(
            self.events,
            self.table,
            SOURCE,
            clock=self.clock,
            stop=self.stop,
            figures=self.figures,
            health=self.health,
        )

    def settle(self) -> None:
        """Until nothing comes again."""
        for _ in range(100):
            if not self.projector.once("worker 0"):
                if not self.events.bodies:
                    return
                self.clock.seconds += HELD_SECONDS
        raise AssertionError("events come again and again")

    def written(self) -> set[str]:
        return {each.id for each in self.table.rows.values()}


def test_events_become_rows_and_are_deleted() -> None:
    world = World()
    world.events.send(*(event(f"job-{number}") for number in range(25)))
    world.clock.seconds += 2
    assert [world.projector.once("worker 0") for _ in range(4)] == [10, 10, 5, 0]
    assert (len(world.written()), world.events.bodies) == (25, [])
    assert (world.figures.counts["rows"], world.figures.lags, world.figures.up) == (25, [2.0] * 25, True)


def test_an_event_that_comes_twice_changes_nothing() -> None:
    world = World()
    world.events.send(event("job"), event("job"), event("job", revision=1, etag='"2"'), event("job"))
    world.settle()
    assert world.table.rows[POOL, "job"].etag == '"2"'
    assert (world.figures.counts["rows"], world.figures.counts["repeats"]) == (2, 2)


@pytest.mark.parametrize("bad", [(0,), (9,), (3, 4), tuple(range(10))])
def test_of_a_batch_the_bad_rows_alone_go_to_the_dead_letters(bad: tuple[int, ...]) -> None:
    world = World(Picky(*(f"job-{number}" for number in bad)))
    world.events.send(*(event(f"job-{number}") for number in range(10)))
    world.settle()
    assert world.written() == {f"job-{number}" for number in range(10) if number not in bad}
    assert sorted(world.events.dead) == sorted(event(f"job-{number}") for number in bad)


def test_halving_asks_for_one_bad_row_of_ten_a_few_times() -> None:
    table = Picky("job-6")
    assert write(table.upsert, [row(f"job-{number}") for number in range(10)]) == Written(9, (6,))
    assert table.calls["upsert"] <= 9


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "unreadable"),
        ("{}", "unreadable"),
        ("[" * 100, "unreadable"),
        (event().replace('"etag"', '"etag":"x","etag"'), "unreadable"),
        (event(pool="nlp/other"), "foreign"),
        (event().replace("acme-llm", "another"), "foreign"),
        (event().replace("results/invoice-1", "results/invoice-2"), "foreign"),
    ],
)
def test_what_is_no_event_of_the_pool_becomes_no_row(body: str, why: str) -> None:
    assert read(body, SOURCE) == why
    world = World()
    world.events.send(body, event("job"))
    world.settle()
    assert (world.written(), world.events.dead) == ({"job"}, [body])
    assert world.figures.counts[why] >= 1


def test_answers_are_kept_where_the_table_is_to_hold_them() -> None:
    without, with_ = (read(event(text="An answer."), replace(SOURCE, output=each)) for each in (False, True))
    assert not isinstance(without, str)
    assert not isinstance(with_, str)
    assert (without.text, with_.text) == (None, "An answer.")


def test_a_database_that_is_down_for_an_hour_brings_no_event_nearer_to_the_dead_letters() -> None:
    world = World()
    world.events.send(*(event(f"job-{number}") for number in range(30)))
    world.table.trouble = DOWN

    def meanwhile(_: int) -> None:
        assert world.health.page("/readyz") == (HTTPStatus.SERVICE_UNAVAILABLE, f"{DOWN}\n".encode())
        assert world.health.page("/healthz")[0] == HTTPStatus.OK
        if world.clock.seconds > 3600:
            world.table.trouble = None

    world.stop.meanwhile = meanwhile
    world.settle()
    assert max(world.stop.waits) == LONGEST_PAUSE_SECONDS < HELD_SECONDS
    assert (len(world.written()), world.events.dead) == (30, [])
    assert set(world.events.receives.values()) == {1}
    assert world.health.page("/readyz")[0] == HTTPStatus.OK


def test_what_it_holds_while_the_database_is_down_nobody_else_gets() -> None:
    world = World()
    world.events.send(event("job"))
    world.table.trouble = DOWN

    def meanwhile(_: int) -> None:
        assert world.events.receive() == []
        if world.clock.seconds > 10 * HELD_SECONDS:
            world.table.trouble = None

    world.stop.meanwhile = meanwhile
    world.settle()
    assert (world.written(), world.events.receives[event("job")]) == ({"job"}, 1)


def test_who_is_to_leave_while_the_database_is_down_gives_back_what_it_holds() -> None:
    world = World()
    world.events.send(event("job"))
    world.table.trouble = DOWN
    world.stop.meanwhile = lambda waits: world.stop.set() if waits == 3 else None
    world.projector.work("worker 0", helps=False)
    assert (world.figures.up, world.figures.counts["rows"]) == (False, 0)
    assert [each.body for each in world.events.receive()] == [event("job")]


def test_who_is_to_leave_writes_what_it_has_received() -> None:
    world = World()
    world.events.send(event("job"))
    receive = world.events.receive

    def last() -> Any:
        world.stop.set()
        return receive()

    world.events.receive = last  # type: ignore[method-assign] # the queue says to leave as it gives its last
    world.projector.work("worker 0", helps=False)
    assert (world.written(), world.events.bodies) == ({"job"}, [])


def test_a_queue_that_is_down_is_asked_less_and_less() -> None:
    world = World()
    world.events.trouble = QueueUnavailable("SQS answers 503")
    world.stop.meanwhile = lambda waits: world.stop.set() if waits == 8 else None
    world.projector.work("worker 0", helps=False)
    assert world.stop.waits == [pause_after(tries) for tries in range(8)]


def test_a_delete_that_fails_writes_no_row_twice() -> None:
    world = World()
    world.events.send(event("job"))
    world.events.keeps = True
    with pytest.raises(QueueUnavailable):
        world.projector.once("worker 0")
    world.events.keeps = False
    world.clock.seconds += HELD_SECONDS
    world.settle()
    assert (world.figures.counts["rows"], world.figures.counts["repeats"]) == (1, 1)


def test_two_projectors_at_once_are_harmless() -> None:
    one = World()
    other = World(one.table, one.clock)
    other.events.send(event("job"), event("a"))
    one.events.send(event("job", revision=1, etag='"2"'), event("b"))
    for each in (one, other):
        each.settle()
    assert one.written() == {"job", "a", "b"}
    assert one.table.rows[POOL, "job"].etag == '"2"'


def test_it_waits_for_the_database_to_begin() -> None:
    world = World()
    world.table.trouble = DOWN

    def meanwhile(waits: int) -> None:
        if waits == 4:
            world.table.trouble = None

    world.stop.meanwhile = meanwhile
    assert world.projector.prepare()
    assert len(world.stop.waits) == 4


def test_trouble_is_told_once_also_where_it_begins_with_it(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.table.trouble = DOWN

    def meanwhile(waits: int) -> None:
        if waits == 4:
            world.table.trouble = None

    world.stop.meanwhile = meanwhile
    with caplog.at_level(logging.INFO):
        assert world.projector.prepare()
    assert [each.getMessage() for each in caplog.records] == [
        f"the table takes no rows: {DOWN}",
        "the table takes rows",
    ]


def test_it_doesnt_begin_with_a_newer_schema() -> None:
    world = World()
    world.table.trouble = TableUnusable("the database has the schema 0009_x.sql of a newer Laneway")
    with pytest.raises(TableUnusable, match="0009_x"):
        world.projector.prepare()


def test_who_is_to_leave_before_it_begins_leaves() -> None:
    world = World()
    world.table.trouble = DOWN
    world.stop.meanwhile = lambda _: world.stop.set()
    assert not world.projector.prepare()


def test_a_thread_without_a_sign_of_life_is_told_of() -> None:
    world = World()
    world.projector.once("worker 0")
    world.health.beat("worker 0")
    world.clock.seconds += HUNG_SECONDS + 1
    status, words = world.health.page("/healthz")
    assert (status, words) == (HTTPStatus.SERVICE_UNAVAILABLE, b"no sign of life for 300 s: worker 0\n")
    assert world.health.page("/other")[0] == HTTPStatus.NOT_FOUND


def test_old_rows_go_in_batches_with_pauses() -> None:
    world = World()
    world.table.upsert([row(f"job-{number}", minutes=-number) for number in range(2 * BATCH + 1)])
    world.table.upsert([row("young", minutes=24 * 60)])
    gone = expire(world.table, POOL, 0, clock=world.clock, stop=world.stop, figures=world.figures)
    assert gone < 2 * BATCH + 1
    world.clock.seconds += 13 * 3600
    gone += expire(world.table, POOL, 0, clock=world.clock, stop=world.stop, figures=world.figures)
    assert (gone, world.written(), world.figures.counts["expired"]) == (2 * BATCH + 1, {"young"}, gone)
    assert world.stop.waits == [PAUSE_SECONDS]


def test_a_database_that_is_down_keeps_its_old_rows_for_now() -> None:
    world = World()
    world.table.trouble = DOWN
    assert expire(world.table, POOL, 0, clock=world.clock, stop=world.stop, figures=world.figures) == 0
