"""What holds for events and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.history import TableTold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.record import Record


def told_of_what_stands(record: Record) -> Iterator[str]:
    """An event follows its result, and is of it."""
    for event, told in record.by[TableTold]:
        stood = any(
            put.etag == told.etag and when.number < event.number for when, put, _ in record.results.get(told.job, ())
        )
        if not stood:
            yield f"{event.who} told the events queue of a result of {told.job} that did not stand"


def revisions_go_on(record: Record) -> Iterator[str]:
    """The first result of a job has none, and each that replaces another the next one."""
    for job, puts in record.results.items():
        last: dict[str, int] = {}
        for _, put, result in puts:
            if result is None:
                continue
            wanted = 0 if put.before is None else last[put.before] + 1
            if result.revision != wanted:
                yield f"a result of {job} has revision {result.revision}, not {wanted}"
            last[put.etag] = result.revision


def rows_equal_s3(record: Record) -> Iterator[str]:
    """After the dust has settled."""
    rows = record.world.tables.rows
    for job, puts in record.results.items():
        _, put, result = puts[-1]
        row = rows.get(job)
        if row is None:
            yield f"{job} has a result and no row"
        elif result is not None and (row.etag, row.result.status) != (put.etag, result.status):
            yield f"the row of {job} is of another result: {row.result.status}, not {result.status}"
    yield from (f"{job} has a row and no result" for job in rows if job not in record.results)


def rows_hold_no_text(record: Record) -> Iterator[str]:
    """Of a pool that does not want it."""
    for job, row in record.world.tables.rows.items():
        if row.result.text is not None or row.result.message is not None:
            yield f"the row of {job} holds its answer"
