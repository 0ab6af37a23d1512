"""`laneway jobs list`: jobs that have ended, by the pool's table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from laneway.cli.failed import CodeOption
from laneway.cli.failed_view import age
from laneway.cli.output import Exit, JsonOption, fail, on_one_line, print_json, say, tell
from laneway.cli.rows.opening import TableOption, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.schema.job.codes import ErrorCode
    from laneway.schema.job.result import Status
    from laneway_table.ports.table import Table
    from laneway_table.rows.asked import Cursor, Filter, Page
    from laneway_table.rows.row import Row

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Jobs that have ended, as the pool's table has them."
)


@app.command("list", short_help="List jobs that have ended, the newest first.")
def list_(
    lane: Annotated[str | None, typer.Option(help="Only of this lane.")] = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Only succeeded, failed, expired or cancelled ones.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only with this label; may be repeated.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only ended since: 90m, 24h, or 2026-11-22T18:00:00Z.")
    ] = None,
    code: CodeOption = None,
    id_prefix: Annotated[str | None, typer.Option("--id", metavar="PREFIX", help="Only ids that begin so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="PLACE", help="Go on where the last list ended.")] = None,
    table: TableOption = None,
    json_: JsonOption = False,
) -> None:
    """List jobs that have ended, the newest first. Rows come seconds after results."""
    with opened(table) as (config, rows):
        wanted = _wanted(lane, status, label, since, code, id_prefix)
        _refuse_what_is_not_offered(rows, wanted)
        found = rows.page(config.pool, wanted, _place(after), limit)
    if json_:
        print_json({"jobs": [_document(each) for each in found.rows], "after": _token(found)})
        return
    tell(_lines(found.rows, datetime.now(UTC)))
    if token := _token(found):
        say(f"there are more: --after {token}")


def _wanted(
    lane: str | None,
    status: str | None,
    label: list[str] | None,
    since: str | None,
    code: ErrorCode | None,
    id_prefix: str | None,
) -> Filter:
    from laneway_table.rows.asked import Filter  # noqa: PLC0415 - as the package says

    return Filter(
        lane=lane,
        status=_status(status),
        code=None if code is None else code.value,
        labels=dict(_label(each) for each in label or ()),
        id_prefix=id_prefix,
        since=None if since is None else _moment(since, datetime.now(UTC)),
    )


def _status(text: str | None) -> Status | None:
    from laneway.schema.job.result import Status  # noqa: PLC0415 - costs what `--help` should not pay

    known: dict[str, Status] = {each: each for each in get_args(Status)}
    if text is not None and text not in known:
        fail(f"--status should be one of {', '.join(known)}", Exit.USAGE)
    return None if text is None else known[text]


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        fail("--label should be a name and a value, such as team=claims", Exit.USAGE)
    return name, value


def _moment(text: str, now: datetime) -> datetime:
    from laneway.schema.shared.base import duration_seconds  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        return now - timedelta(seconds=duration_seconds(text))
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        fail("--since should be a duration such as 90m or 24h, or a time such as 2026-11-22T18:00:00Z", Exit.USAGE)
    return at


def _place(text: str | None) -> Cursor | None:
    from laneway_table.rows.asked import Cursor  # noqa: PLC0415 - as the package says

    try:
        return None if text is None else Cursor.from_text(text)
    except ValueError as error:
        fail(f"--after {error}", Exit.USAGE)


def _refuse_what_is_not_offered(table: Table, wanted: Filter) -> None:
    if not table.offers.cover(wanted):
        offered = (" and ".join(sorted(each.needs)) or "anything" for each in table.offers.questions)
        fail(f"this table can't be asked so; it can by {', or by '.join(offered)}", Exit.USAGE)


def _token(page: Page) -> str | None:
    return None if page.after is None else page.after.to_text()


def _document(row: Row) -> dict[str, Any]:
    from laneway_table.rows.row import LISTED  # noqa: PLC0415 - as the package says

    found = {name: getattr(row, name) for name in LISTED}
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in found.items()}


def _lines(rows: Sequence[Row], now: datetime) -> str:
    cells = [("ID", "LANE", "STATUS", "CODE", "QUEUED", "RAN", "ENDED", "USD"), *(_cells(each, now) for each in rows)]
    widths = [max(len(each[column]) for each in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(each.ljust(width) for each, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    queued, ran = (f"{each:.1f}s" for each in (row.queued_seconds, row.run_seconds))
    usd = "" if row.usd is None else f"{row.usd:.4f}"
    return row.id, on_one_line(row.lane), row.status, row.code or "", queued, ran, age(row.finished_at, now), usd
