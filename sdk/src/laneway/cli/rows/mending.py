"""`laneway table migrate | check | rebuild`: what an operator does with a pool's table."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from laneway.cli.output import Exit, JsonOption, print_json, say, tell
from laneway.cli.rows.opening import TableOption, keys_of, opened

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_table.sweep.sweep import Step

LINE_SECONDS = 5.0
NAMED = 20
"""How many of a kind are named; `--json` names all."""
KINDS = ("missing", "differing", "extra", "unreadable")
WORDS = {
    "missing": "results without a row",
    "differing": "rows of another result",
    "extra": "rows whose result is not in S3",
    "unreadable": "results that make no row",
}

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="A pool's table: its schema, and its rows against S3."
)

ResumeOption = Annotated[
    str | None, typer.Option(metavar="ID", help="Go on after this job, which the last run named before it ended.")
]


@app.command(short_help="Make or update the tables of a database.")
def migrate(table: TableOption = None) -> None:
    """Make or update the tables of a database. The projector does it itself where its role may make tables."""
    with opened(table) as (_, rows):
        rows.prepare()
    say("the schema is up to date")


@app.command(short_help="Say where rows differ from the results in S3.")
def check(resume: ResumeOption = None, table: TableOption = None, json_: JsonOption = False) -> None:
    """Say where rows differ from the results in S3: S3 is the truth. Ends with 1 where any does."""
    if _walked(table, resume, json_=json_, mend=False, prune=False):
        raise typer.Exit(int(Exit.JOB_FAILED))


@app.command(short_help="Write rows for the results in S3.")
def rebuild(
    resume: ResumeOption = None,
    prune: Annotated[bool, typer.Option("--prune", help="Also delete rows whose result is not in S3.")] = False,
    table: TableOption = None,
    json_: JsonOption = False,
) -> None:
    """Write a row for each result in S3 that has none, or another. Events go on becoming rows meanwhile."""
    _walked(table, resume, json_=json_, mend=True, prune=prune)


def _walked(path: Path | None, resume: str | None, *, json_: bool, mend: bool, prune: bool) -> int:
    """How many differ, told of."""
    found: dict[str, list[str]] = {each: [] for each in KINDS}
    counts: Counter[str] = Counter()
    with opened(path) as (config, rows):
        from laneway_table.opened import sweep_of  # noqa: PLC0415 - as the package says

        if mend:
            rows.prepare()
        token, said = resume, time.monotonic()
        try:
            for step in sweep_of(config, rows, keys_of(path), mend=mend, prune=prune).run(resume):
                _add(step, found, counts)
                token = step.token or token
                if time.monotonic() - said >= LINE_SECONDS:
                    said = time.monotonic()
                    say(f"{counts['seen']} results seen, {counts['written']} rows written; at {token}")
        except BaseException:
            if token is not None:
                say(f"to go on: --resume {token}")
            raise
    _tell(found, counts, json_=json_, mend=mend)
    return sum(len(each) for each in found.values())


def _add(step: Step, found: dict[str, list[str]], counts: Counter[str]) -> None:
    counts.update(seen=step.seen, written=step.written)
    for each in KINDS:
        found[each] += getattr(step, each)


def _tell(found: dict[str, list[str]], counts: Counter[str], *, json_: bool, mend: bool) -> None:
    if json_:
        print_json({"seen": counts["seen"], "written": counts["written"], **found})
        return
    for kind, ids in found.items():
        if ids:
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            tell(f"{len(ids)} {WORDS[kind]}: {', '.join(ids[:NAMED])}{more}")
    rows = "row" if counts["written"] == 1 else "rows"
    say(f"{counts['seen']} results seen" + (f", {counts['written']} {rows} written" if mend else ""))
