"""`laneway failed list | show | retry | drop`: what a person on call does with failed jobs."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from laneway.cli.failed_view import (
    attempts,
    causes,
    causes_table,
    late_line,
    page,
    progress,
    refusal_line,
    result_line,
    rows_table,
    tell_dry_run,
    tell_end,
    tell_whose,
)
from laneway.cli.failed_wanted import Wanted, per_second, wanted
from laneway.cli.output import (
    Deadline,
    Exit,
    JobIdArgument,
    JsonOption,
    PoolOption,
    TimeoutOption,
    errors_in_words,
    fail,
    open_pool,
    print_json,
    printable,
    say,
    tell,
)
from laneway.schema.job.codes import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.client.failed_jobs import Refused, RetryOutcome
    from laneway.client.pool import Pool
    from laneway.schema.job.result import Result

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Jobs that failed for good: which and why; send them again, or keep them no longer.",
)

ROWS_SHOWN = 50

JobsArgument = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Only these jobs.")]
CodeOption = Annotated[ErrorCode | None, typer.Option("--code", metavar="CODE", help="Only with this error code.")]
OfLaneOption = Annotated[str | None, typer.Option("--lane", help="Only of this lane.")]
OlderOption = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="Only what failed longer ago: 90s, 5m, 36h.")
]
NewerOption = Annotated[
    str | None, typer.Option("--newer-than", metavar="AGE", help="Only what failed since: 90s, 5m.")
]
AllOption = Annotated[bool, typer.Option("--all", help="All failed jobs.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it: a selection is only shown without this.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done, also for ids.")]
RateOption = Annotated[str, typer.Option("--rate", metavar="N/s", help="At most so many: 10/s, 30/m, 600/h.")]


@app.command("list", short_help="List failed jobs and their causes.")
def list_(
    ids: JobsArgument = None,
    code: CodeOption = None,
    lane: OfLaneOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows for people; 0 shows all.")] = ROWS_SHOWN,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """List failed jobs: how many for which reason, then one a line, the newest first."""
    with errors_in_words():
        selection, source = wanted(ids, code, lane, older_than, newer_than), open_pool(pool)
        rows = selection.rows(source)
        rows.sort(key=lambda row: row.failed_at, reverse=True)
        if json_:
            print_json({"causes": causes(rows), "jobs": [row.to_document() for row in rows]})
        elif not rows:
            say(selection.nothing(source))
        else:
            shown = rows[: limit or None]
            tell(f"{causes_table(rows)}\n\n{rows_table(shown, datetime.now(UTC))}")
            if len(shown) < len(rows):
                say(f"and {len(rows) - len(shown)} more: --limit 0 shows all")


@app.command(short_help="Show why a job failed, and what to do.")
def show(
    job_id: JobIdArgument,
    body: Annotated[bool, typer.Option("--body", help="Print the job's body: its prompt, as it was sent.")] = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Show why a job failed, its attempts, and what to do; its prompt only with --body."""
    with _refusals_in_words():
        source = open_pool(pool)
        job = source.failed.show(job_id)
        text = source.failed.body(job) if body else None
        if json_:
            document = job.model_dump(mode="json", exclude={"body"}) | {"attempts": attempts(job)}
            print_json(document if text is None else document | {"body": text})
        elif text is None:
            tell(page(job))
        else:
            typer.echo(printable(text) if sys.stdout.isatty() else text)


@app.command(short_help="Send failed jobs again, as they were sent.")
def retry(
    ids: JobsArgument = None,
    code: CodeOption = None,
    lane: OfLaneOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    all_: AllOption = False,
    to: Annotated[
        str | None, typer.Option("--to", metavar="LANE", help="Send to this lane. Default: each's own.")
    ] = None,
    rate: RateOption = "10/s",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the new results.")] = False,
    timeout: TimeoutOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Send failed jobs again, as they were sent. Jobs named by id go at once, a selection is shown first."""
    with _refusals_in_words():
        pace = per_second(rate)
        target = open_pool(pool)
        if to is not None:
            target.lane(to)
        names = _chosen(target, wanted(ids, code, lane, older_than, newer_than), all_, yes, dry_run, json_)
        done, refused = _carry_out("sent", names, target.failed.retry_all(names, to=to, rate=pace))
        tell_whose(done)
        results, late = _wait_for(target, done, timeout, json_) if wait else ([], "")
        tell_end("sent", [each.id for each in done], refused, json_, results if wait else None)
        if late:
            fail(late, Exit.NOT_YET)
        if refused or any(each.status != "succeeded" for each in results):
            raise typer.Exit(int(Exit.JOB_FAILED))


@app.command(short_help="Keep failed jobs no longer.")
def drop(
    ids: JobsArgument = None,
    code: CodeOption = None,
    lane: OfLaneOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    all_: AllOption = False,
    rate: RateOption = "50/s",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Keep failed jobs no longer; their results stay. Jobs named by id go at once, a selection is shown first."""
    with _refusals_in_words():
        pace = per_second(rate)
        target = open_pool(pool)
        names = _chosen(target, wanted(ids, code, lane, older_than, newer_than), all_, yes, dry_run, json_)
        done, refused = _carry_out("dropped", names, target.failed.drop_all(names, rate=pace))
        tell_end("dropped", [each.id for each in done], refused, json_)
        if refused:
            raise typer.Exit(int(Exit.JOB_FAILED))


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    from laneway.client.failed_jobs import FailedJobRefused  # noqa: PLC0415 - boto3 is slow to import

    with errors_in_words():
        try:
            yield
        except FailedJobRefused as error:
            fail(str(error), Exit.USAGE)


def _chosen(pool: Pool, selection: Wanted, all_: bool, yes: bool, dry_run: bool, json_: bool) -> list[str]:
    """The ids to act on; a selection, and anything with --dry-run, is shown first and ends the command."""
    if selection.ids and all_:
        fail("give either ids or a selection, not both", Exit.USAGE)
    if not (selection.selects or all_):
        fail("name jobs by id, or select them: --code, --lane, --older-than, --newer-than, or --all", Exit.USAGE)
    if selection.ids and not selection.by_properties and not dry_run:
        return list(dict.fromkeys(selection.ids))
    rows = selection.rows(pool)
    if rows and (dry_run or not yes):
        tell_dry_run(rows, json_)
        raise typer.Exit(int(Exit.NOT_YET))
    if not rows:
        say(selection.nothing(pool))
    return [row.id for row in rows]


def _carry_out(verb: str, names: list[str], outcomes: Iterator[T | Refused]) -> tuple[list[T], list[Refused]]:
    """What was done and what was refused, in order; each refusal is told at once."""
    from laneway.client.failed_jobs import Refused  # noqa: PLC0415 - boto3 is slow to import

    done: list[T] = []
    refused: list[Refused] = []
    try:
        with progress(verb, len(names)) as update:
            for outcome in outcomes:
                if isinstance(outcome, Refused):
                    refused.append(outcome)
                    say(refusal_line(outcome))
                else:
                    done.append(outcome)
                update(len(done), len(refused))
    except BaseException:
        say(f"{verb} {len(done)} of {len(names)}; the same command goes on with the rest")
        raise
    return done, refused


def _wait_for(pool: Pool, sent: list[RetryOutcome], timeout: float | None, json_: bool) -> tuple[list[Result], str]:
    """The new results, each shown as it is its turn, and what came too late; one deadline for all."""
    deadline = Deadline(timeout)
    results: list[Result] = []
    for each in sent:
        try:
            results.append(pool.wait(each.id, timeout=deadline.left, replaced=each.replaces))
        except TimeoutError:
            return results, late_line(len(sent) - len(results), timeout)
        if not json_:
            tell(result_line(results[-1]))
    return results, ""
