from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from laneway_table.rows.asked import EVERYTHING, Offers
from laneway_table.sweep.sweep import MOST_FETCHED, Sweep
from laneway_table.testing.memory import MemoryTable
from laneway_table.testing.results import MemoryResults
from support.inputs.offers import result
from support.table.events import SOURCE
from support.table.rows import POOL, row

BEGAN = datetime(2026, 11, 23, tzinfo=UTC)
DAY = 24 * 3600


@dataclass
class World:
    results: MemoryResults = field(default_factory=MemoryResults)
    table: MemoryTable = field(default_factory=lambda: MemoryTable(now=lambda: BEGAN - timedelta(hours=1)))

    def put(self, job_id: str, etag: str = '"1"', age: float = 0, **fields: Any) -> None:
        at = BEGAN - timedelta(seconds=age)
        self.results.put(job_id, result(id=job_id, **fields), etag, at)

    def sweep(self, after: str | None = None, **also: Any) -> dict[str, Any]:
        steps = list(Sweep(self.results, self.table, SOURCE, BEGAN, DAY, **also).run(after))
        names = ("missing", "differing", "extra", "unreadable")
        found: dict[str, Any] = {each: sorted(sum((getattr(step, each) for step in steps), ())) for each in names}
        return {name: value for name, value in found.items() if value} | {
            "written": sum(each.written for each in steps)
        }

    def etags(self) -> dict[str, str]:
        return {job_id: each.etag for (_, job_id), each in self.table.rows.items()}


def test_a_table_that_is_right_is_read_and_nothing_is_fetched() -> None:
    world = World()
    for name in ("a", "a-1", "a.1", "b", "c"):
        world.put(name)
        world.table.upsert([row(name)])
    assert world.sweep() == {"written": 0}
    assert world.results.fetched == []


def test_what_differs_is_named_and_left_as_it_is() -> None:
    world = World()
    world.put("missing")
    world.put("differing", '"2"')
    world.table.upsert([row("differing"), row("extra")])
    told = {"missing": ["missing"], "differing": ["differing"], "extra": ["extra"], "written": 0}
    assert world.sweep() == told
    assert world.etags() == {"differing": '"1"', "extra": '"1"'}


def test_what_differs_is_mended_and_what_s3_has_not_stays_unless_it_is_to_go() -> None:
    world = World()
    world.put("missing")
    world.put("differing", '"2"')
    world.table.upsert([row("differing", revision=5), row("extra")])
    assert world.sweep(mend=True)["written"] == 2
    assert world.etags() == {"missing": '"1"', "differing": '"2"', "extra": '"1"'}
    assert world.sweep(mend=True, prune=True) == {"extra": ["extra"], "written": 1}
    assert world.sweep() == {"written": 0}


def test_a_rebuild_that_was_stopped_goes_on_where_it_was() -> None:
    world = World()
    names = [f"job-{number}" for number in range(10)]
    for each in names:
        world.put(each)
    steps = Sweep(world.results, world.table, SOURCE, BEGAN, DAY, mend=True).run()
    token = [next(steps).token for _ in range(2)][-1]
    assert (token, sorted(world.etags())) == ("job-5", names[:6])
    world.results.fetched.clear()
    assert world.sweep(token, mend=True)["written"] == 4
    assert world.results.fetched == names[6:]
    assert world.sweep() == {"written": 0}


def test_a_page_of_large_results_is_never_in_memory_at_once() -> None:
    world = World(results=MemoryResults(most=1000))
    for number in range(2 * MOST_FETCHED + 1):
        world.put(f"job-{number:04}")
    world.results.put("broken", None, at=BEGAN)
    found = world.sweep(mend=True)
    assert (found["written"], found["unreadable"]) == (2 * MOST_FETCHED + 1, ["broken"])
    assert world.results.most_fetched == MOST_FETCHED


def test_rows_that_events_bring_meanwhile_are_right() -> None:
    world = World()
    world.put("job", '"1"')
    world.table = MemoryTable(now=lambda: BEGAN + timedelta(seconds=1))
    world.table.upsert([row("job", revision=1, etag='"2"'), row("new")])
    found = world.sweep(mend=True, prune=True)
    assert (found["written"], world.etags()) == (0, {"job": '"2"', "new": '"1"'})


def test_results_older_than_rows_are_kept_are_passed_over() -> None:
    world = World()
    world.put("old", age=DAY + 1)
    world.put("young", age=DAY - 1)
    assert world.sweep(mend=True) == {"missing": ["young"], "written": 1}


def test_what_makes_no_row_is_named() -> None:
    world = World()
    world.put("foreign", pool="nlp/other")
    world.results.put("broken", None, at=BEGAN)
    world.put("good")
    found = world.sweep(mend=True)
    assert (found["unreadable"], found["written"]) == (["broken", "foreign"], 1)


def test_a_table_that_cant_list_its_rows_is_compared_one_way() -> None:
    world = World(table=MemoryTable(Offers(EVERYTHING.questions, walks=False)))
    world.table.upsert([row("extra", pool=POOL)])
    assert world.sweep() == {"written": 0}
