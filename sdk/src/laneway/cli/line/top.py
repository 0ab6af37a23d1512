"""`laneway top`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from laneway.cli.line.cluster import NoClusterError, stages_of
from laneway.cli.output import (
    Exit,
    JsonOption,
    PoolOption,
    errors_in_words,
    fail,
    on_one_line,
    open_pool,
    print_json,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.text import Text

    from laneway.client.line.line import LaneLine
    from laneway.client.pool import Pool

REFRESH_SECONDS = 5.0
HEADS = ("LANE", "QUEUED", "RUNNING", "BACKING OFF", "OLDEST", "WORKERS", "STAGE", "WAIT")
NUMBERS = range(1, 6)
"""Columns that are set to the right."""
UNKNOWN = "-"


def top(
    once: Annotated[bool, typer.Option("--once", help="Print once and end; the default in a pipe.")] = False,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Ask the cluster, by kubectl, how far workers are that have not begun.")
    ] = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Show how long the lines are, how long they wait, who serves them, and when it is the next job's turn."""
    from rich.console import Console  # noqa: PLC0415 - costs what `--help` should not pay

    with errors_in_words():
        source, terminal = open_pool(pool), Console()
        lines = _first_look(source, cluster)
        if json_:
            print_json({name: _document(each) for name, each in lines.items()})
        elif once or not is_redrawn(terminal):
            tell(shown(lines.values(), terminal.width if terminal.file.isatty() else None))
        else:
            _refreshed(source, cluster, lines)


def is_redrawn(terminal: Console) -> bool:
    """Whether it can be written over: a dumb one, such as an editor's, would show nothing before the end. A pipe is
    none, whatever FORCE_COLOR says of colours.
    """
    return terminal.file.isatty() and not terminal.is_dumb_terminal


def _first_look(source: Pool, cluster: bool) -> dict[str, LaneLine]:
    try:
        return _look(source, cluster)
    except NoClusterError as error:
        fail(str(error), Exit.UNAVAILABLE)


def look_again(source: Pool, cluster: bool) -> dict[str, LaneLine]:
    """A cluster that doesn't answer for a moment ends nothing: its stages are left out, and why is told."""
    try:
        return _look(source, cluster)
    except NoClusterError as error:
        lines = source.line()
        return {name: replace(each, missing=(*each.missing, str(error))) for name, each in lines.items()}


def _look(source: Pool, cluster: bool) -> dict[str, LaneLine]:
    return source.line(stages_of(source.document.pool)) if cluster else source.line()


def _refreshed(source: Pool, cluster: bool, lines: dict[str, LaneLine]) -> NoReturn:
    from rich.live import Live  # noqa: PLC0415 - only a terminal needs it

    with Live(auto_refresh=False) as live:
        while True:
            live.update(_drawn(shown(lines.values(), live.console.width)), refresh=True)
            time.sleep(REFRESH_SECONDS)
            lines = look_again(source, cluster)


def _drawn(text: str) -> Text:
    """Rich would read the words alone as its markup: a lane's name as a link."""
    from rich.text import Text  # noqa: PLC0415 - only a terminal needs it

    return Text(text)


def shown(lines: Iterable[LaneLine], width: int | None = None) -> str:
    """The table, and below it what could not be read. Where it is wider than `width` columns, waits stand below their
    rows: a terminal would break them anywhere.
    """
    lanes = list(lines)
    rows = [HEADS, *(_row(each) for each in lanes)]
    table = _table(rows)
    if width is not None and max(map(len, table)) > width:
        table = _narrow(rows)
    return "\n".join([*table, *dict.fromkeys(on_one_line(each) for lane in lanes for each in lane.missing)])


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_aligned(row, widths) for row in rows]


def _narrow(rows: Sequence[Sequence[str]]) -> list[str]:
    heads, *lanes = _table([row[:-1] for row in rows])
    waits = [f"  {HEADS[-1]} {row[-1]}" for row in rows[1:]]
    return [heads, *(line for pair in zip(lanes, waits, strict=True) for line in pair)]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        f"{cell:>{width}}" if at in NUMBERS else f"{cell:<{width}}"
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _row(line: LaneLine) -> tuple[str, ...]:
    figures = line.figures
    counts = (figures.queued, figures.running, figures.delayed) if figures else (UNKNOWN,) * 3
    return (
        on_one_line(line.lane),
        *(str(each) for each in counts),
        UNKNOWN if line.oldest_seconds is None else short(line.oldest_seconds),
        f"{line.ready}/{len(line.workers)}",
        on_one_line(line.stage) or UNKNOWN,
        on_one_line(line.estimate.range_words or line.estimate.note) or UNKNOWN,
    )


def short(seconds: float) -> str:
    """Such as `0.4s`, `12s`, `3m12s` and `2h05m`."""
    if seconds < 10:  # noqa: PLR2004 - below, tenths tell something
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"


def _document(line: LaneLine) -> dict[str, Any]:
    figures = line.figures
    return {
        "queued": figures and figures.queued,
        "running": figures and figures.running,
        "delayed": figures and figures.delayed,
        "oldest_seconds": line.oldest_seconds,
        "workers": [each.model_dump(mode="json", exclude_none=True) for each in line.workers],
        "stage": line.stage,
        "estimate": line.estimate.model_dump(mode="json", exclude_none=True),
        "missing": list(line.missing),
    }
