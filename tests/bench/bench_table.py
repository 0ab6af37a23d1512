"""`make bench-table`: a million rows in each kind of table: lists, failures by cause, counts; the projector; a rebuild.

`ROWS` (1,000,000) bounds it, `TABLES` (postgres15,sqlite) names the kinds; `SENT` (1,000) results go through moto's SQS
and S3. Prints the tables of docs/reference/sight-figures.md.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from laneway_table.adapters.aws import s3_client, sqs_client
from laneway_table.adapters.clock import SystemClock
from laneway_table.adapters.metrics import Metrics
from laneway_table.adapters.s3 import S3Results
from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.sqlite import SQLiteTable
from laneway_table.adapters.sqs import SQSEvents
from laneway_table.app import THREADS
from laneway_table.ports.events import MOST_MESSAGES, Message
from laneway_table.ports.results import Fetched, Listed
from laneway_table.project.health import Health
from laneway_table.project.projector import Projector
from laneway_table.project.reading import Source
from laneway_table.rows.asked import COUNT_CAP, Filter
from laneway_table.sweep.sweep import Sweep
from support.aws.emulators import BUCKET, running
from support.aws.moto import REGION, aws_credentials
from support.inputs.offers import result
from support.table.benches import table_in
from support.table.events import PLACE, SOURCE, event
from support.table.postgres import postgres_server
from support.table.process import Queue
from support.table.rows import POOL, failed_row, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from laneway_table.ports.events import Events
    from laneway_table.ports.figures import Figures
    from laneway_table.ports.table import Table
    from laneway_table.rows.row import Row
    from support.aws.emulators import Aws

ROWS = int(os.environ.get("ROWS", "1000000"))
TABLES = os.environ.get("TABLES", "postgres15,sqlite").split(",")
BATCH = 1000
ROUNDS = 60
EVENTS = 10_000
REBUILT = 20_000
SENT = int(os.environ.get("SENT", "1000"))
A_SECOND = 20  # events of a lane that is busy
DAYS = 23
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=DAYS)
DAY = (END - timedelta(days=1), END)
CODES = ("stalled", "poison", "format_not_met", "prompt_too_long")


def main() -> None:
    """Both, one after the other."""
    for kind in TABLES:
        with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as table:
            table.prepare()
            print(f"\n## {kind}, {ROWS:,} rows\n\n| what | figure |\n| --- | --- |")
            say("rows written in batches of a thousand", rate(ROWS, partial(fill, table)))
            settle(table)
            for what, ask in questions(table).items():
                say(what, timed(ask))
            say("projector: events, ten a batch, in rows", project(table))
            say("rebuild without S3: results in rows", rebuild(table))
            with aws_credentials(), running("moto", Path(folder)) as aws:
                say(f"{A_SECOND} events a second through SQS: from sent to row", lag(table, aws))
                say("rebuild with S3: results in rows", rebuild_from(table, aws))
            load = os.getloadavg()[0]
            print(f"\n{datetime.now(UTC).isoformat(timespec='seconds')}, load {load:.1f}.")


def settle(table: Table) -> None:
    """What autovacuum does within minutes."""
    if isinstance(table, PostgresTable):
        with psycopg.connect(**table._arguments(), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE laneway_results")


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Table]:
    """A fresh one."""
    with ExitStack() as stack:
        table: Table = (
            SQLiteTable(folder / "table.sqlite")
            if kind == "sqlite"
            else table_in(folder, stack.enter_context(postgres_server(kind)))
        )
        yield table
        table.close()


def say(what: str, figure: str) -> None:
    """A line of the table, at once."""
    print(f"| {what} | {figure} |", flush=True)


def rate(count: int, work: Callable[[], object]) -> str:
    """How many in a second."""
    began = time.perf_counter()
    work()
    return f"{count / (time.perf_counter() - began):,.0f} a second"


def timed(ask: Callable[[int], object]) -> str:
    """p50 and p95."""
    taken = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        ask(number)
        taken.append((time.perf_counter() - began) * 1000)
    return f"p50 {statistics.median(taken):.2f} ms, p95 {statistics.quantiles(taken, n=20)[-1]:.2f} ms"


def fill(table: Table) -> None:
    """One of a hundred failed; two lanes; a common and a rare label."""
    for begin in range(0, ROWS, BATCH):
        table.upsert([made(number) for number in range(begin, min(ROWS, begin + BATCH))])


def made(number: int) -> Row:
    """Ended somewhere in three weeks."""
    ended = BEGIN + timedelta(seconds=number * DAYS * 86400 / ROWS)
    also: dict[str, Any] = {
        "finished_at": ended,
        "lane": "slow" if number % 10 == 0 else "fast",
        "labels": {"team": "claims" if number % 5 == 0 else "legal", "run": f"run-{number // 2000}"},
        "run_seconds": float(number % 300),
    }
    if number % 100 == 7:
        return failed_row(name(number), code=CODES[number % 4], **also)
    return row(name(number), **also)


def name(number: int) -> str:
    """Spread over the keys, as ids are that nobody counts."""
    return f"{(number * 2654435761) % 2**32:08x}-{number}"


def questions(table: Table) -> dict[str, Callable[[int], object]]:
    """As lists, pages and charts ask them."""
    some = [
        table.page(POOL, Filter(until=BEGIN + timedelta(hours=6 * each)), limit=1).after
        for each in range(1, ROUNDS + 1)
    ]

    def page(**wanted: Any) -> Callable[[int], object]:
        return lambda _: table.page(POOL, Filter(**wanted))

    return {
        "first page of 50": page(),
        "a page in the middle": lambda number: table.page(POOL, Filter(), some[number % len(some)]),
        "of a lane": page(lane="slow"),
        "of a lane that failed": page(lane="fast", status="failed"),
        "of a lane where none failed": page(lane="slow", status="failed"),
        "with a code, of a day": page(code="stalled", since=DAY[0]),
        "with a common label": page(labels={"team": "claims"}),
        "with a rare label": page(labels={"run": "run-7"}),
        "with a beginning of an id": page(id_prefix="7f"),
        "one job": lambda number: table.get(POOL, name(number * 977)),
        f"count up to {COUNT_CAP:,}": lambda _: table.count(POOL, Filter(), COUNT_CAP),
        "failed by code and cause, all": lambda _: table.failed(POOL, BEGIN, END),
        "totals of a day": lambda _: table.totals(POOL, *DAY),
        "a day by hours": lambda _: table.series(POOL, *DAY, 3600),
        "quantiles of a day": lambda _: table.quantiles(POOL, *DAY),
    }


class Prefilled:
    """A queue that costs nothing: SQS's own time is not ours."""

    def __init__(self, bodies: Sequence[str], stop: threading.Event) -> None:
        self._batches = [bodies[begin : begin + MOST_MESSAGES] for begin in range(0, len(bodies), MOST_MESSAGES)]
        self._lock = threading.Lock()
        self._stop = stop

    def receive(self) -> Sequence[Message]:
        with self._lock:
            found = self._batches.pop() if self._batches else ()
        if not found:
            self._stop.set()
        return [Message(str(place), body, datetime.now(UTC)) for place, body in enumerate(found)]

    def hold(self, receipts: Sequence[str]) -> None:
        pass

    def release(self, receipts: Sequence[str]) -> None:
        pass

    def delete(self, receipts: Sequence[str]) -> None:
        pass


def project(table: Table) -> str:
    """With the process's own threads."""
    stop, metrics = threading.Event(), Metrics()
    events = Prefilled([event(f"event-{number}") for number in range(EVENTS)], stop)
    return rate(EVENTS, partial(projected, events, table, stop, metrics, helps=False))


def projected(events: Events, table: Table, stop: threading.Event, figures: Figures, *, helps: bool) -> None:
    """As the process does; `helps` says whether all but one thread wait until there is plenty to do."""
    clock = SystemClock()
    health = Health(clock.monotonic, lambda: b"")
    projector = Projector(events, table, SOURCE, clock=clock, stop=stop, figures=figures, health=health)
    threads = [
        threading.Thread(target=partial(projector.work, str(number), helps=helps and number > 0))
        for number in range(THREADS)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


class Lags(Metrics):
    """Keeps each one."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._stop = stop

    def lagged(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) >= SENT:
            self._stop.set()


def lag(table: Table, aws: Aws) -> str:
    """From when SQS took an event until its row is there, at a steady pace."""
    queue, stop = Queue(aws), threading.Event()
    lags = Lags(stop)
    events = SQSEvents(sqs_client(REGION, aws.endpoint), queue.url)
    projecting = threading.Thread(target=partial(projected, events, table, stop, lags, helps=True))
    projecting.start()
    began = time.monotonic()
    for number in range(SENT):
        queue.send([event(f"sent-{number}")])
        time.sleep(max(0.0, began + (number + 1) / A_SECOND - time.monotonic()))
    took = time.monotonic() - began
    projecting.join()
    p95 = statistics.quantiles(lags.seconds, n=20)[-1]
    return f"p50 {statistics.median(lags.seconds):.2f} s, p95 {p95:.2f} s ({SENT / took:.0f} a second came)"


def rebuild_from(table: Table, aws: Aws) -> str:
    """Of results in S3 that have no rows yet."""
    place = PLACE.model_copy(update={"bucket": BUCKET})
    for number in range(SENT):
        job = f"stored-{number}"
        aws.clients.s3.put_object(Bucket=BUCKET, Key=place.result(job), Body=result(id=job).to_json())
    results = S3Results(s3_client(REGION, aws.endpoint, None), place)
    sweep = Sweep(results, table, Source(POOL, place, output=False), datetime.now(UTC), 10**9, mend=True)
    return rate(SENT, lambda: list(sweep.run("")))


class InMemory:
    """Results whose reading costs nothing."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = ids

    def pages(self, after: str | None) -> Iterator[Sequence[Listed]]:
        del after
        for begin in range(0, len(self._ids), BATCH):
            yield [Listed(each, '"1"', datetime.now(UTC)) for each in self._ids[begin : begin + BATCH]]

    def fetch(self, ids: Sequence[str]) -> Sequence[Fetched]:
        return [Fetched(each, '"1"', result(id=each)) for each in ids]


def rebuild(table: Table) -> str:
    """Of results that have no rows yet."""
    results = InMemory([f"rebuilt-{number}" for number in range(REBUILT)])
    sweep = Sweep(results, table, SOURCE, datetime.now(UTC), 10**9, mend=True)
    return rate(REBUILT, lambda: list(sweep.run("")))


if __name__ == "__main__":
    main()
