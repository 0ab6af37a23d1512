"""`laneway batch`: JSONL in, JSONL out; resumable, because a line's id follows from the line."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from laneway.cli.files.sending import job_lines, sent_lines
from laneway.cli.files.text import STANDARD_INPUT, name_of, read_text
from laneway.cli.output import (
    Exit,
    JsonOption,
    LaneOption,
    PoolOption,
    TimeoutOption,
    console,
    errors_in_words,
    fail,
    open_pool,
    print_json,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from laneway.client.handles import JobHandle
    from laneway.client.pool import Pool
    from laneway.schema.job.result import Result

LINE_SECONDS = 5.0
FIGURES_SECONDS = 2.0
RESULT_START = b'{"id":"'  # of Result.to_json


@dataclass
class Tally:
    """How a batch stands."""

    total: int
    done: int = 0
    failed: int = 0
    running: int = 0
    not_sent: int = 0

    def count(self, status: str) -> None:
        """One more result."""
        if status == "succeeded":
            self.done += 1
        else:
            self.failed += 1

    @property
    def left(self) -> int:
        """Without a result yet."""
        return self.total - self.done - self.failed - self.not_sent

    @property
    def queued(self) -> int:
        """Left, and in no worker's hands as far as the queue says."""
        return max(0, self.left - self.running)

    def line(self, seconds: float) -> str:
        """For a pipe."""
        ended = self.done + self.failed
        rate = ended / seconds if seconds > 0 else 0.0
        not_sent = f", not sent {self.not_sent}" if self.not_sent else ""
        eta = f", about {self.left / rate:.0f} s left" if rate and self.left else ""
        return (
            f"queued {self.queued}, running {self.running}, done {self.done}, failed {self.failed}{not_sent} "
            f"of {self.total}; {rate:.2f} jobs/s{eta}"
        )


def batch(
    source: Annotated[str, typer.Argument(metavar="JOBS.JSONL", help="One job a line; `-` is standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where results go, one a line, as they come.")],
    lane: LaneOption = None,
    timeout: TimeoutOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Send a file of jobs and write their results; run it again to go on where it was interrupted."""
    with errors_in_words():
        text = read_text(source)
        target = open_pool(pool)
        lane = target.lane(lane).name
        have = _results_in(output, source)
        jobs = job_lines(target, text, name_of(source), lane=lane, done=have)
        with _open(output) as sink:
            tally = Tally(len(jobs.todo) + len(jobs.done))
            for job_id in jobs.done:
                tally.count(have[job_id])
            if have:
                say(f"{output} has {len(jobs.done)} of {tally.total} results already; going on with the rest")
            say(f"sending {len(jobs.todo)} jobs to lane {lane}")
            sent = sent_lines(jobs.todo, target.send_all(line.job for line in jobs.todo))
            tally.not_sent = len(jobs.todo) - len(sent.handles)
            began = time.monotonic()
            with sent.waiting():
                for handle in _progress(target, sent.handles, tally, timeout, lane):
                    _write(handle, tally, sink)
        _tell_end(tally, time.monotonic() - began, json_)
        if sent.unreachable:
            raise typer.Exit(int(Exit.UNAVAILABLE))
        if tally.failed or sent.refused:
            raise typer.Exit(int(Exit.JOB_FAILED))


def _write(handle: JobHandle, tally: Tally, sink: TextIO) -> None:
    if (result := _found(handle, tally)) is not None:
        tally.count(result.status)
        sink.write(result.to_json().decode() + "\n")
        sink.flush()


def _found(handle: JobHandle, tally: Tally) -> Result | None:
    """A job's own result. What another request got counts as a failure and is not written."""
    from laneway.errors import ResultOfAnotherRequest  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        return handle.find()
    except ResultOfAnotherRequest as error:
        say(f"laneway: {error}")
        tally.count("failed")
        return None


def _open(output: Path) -> TextIO:
    try:
        return output.open("a", encoding="utf-8")
    except OSError as error:
        fail(f"can't write {output}: {error.strerror}", Exit.USAGE)


def _tell_end(tally: Tally, seconds: float, json_: bool) -> None:
    if json_:
        print_json(
            {
                "total": tally.total,
                "succeeded": tally.done,
                "failed": tally.failed,
                "not_sent": tally.not_sent,
                "seconds": round(seconds, 1),
            }
        )
    else:
        say(tally.line(seconds))


def _results_in(output: Path, source: str) -> dict[str, str]:
    """Id → status of what an earlier run wrote. The half of a last line that it was interrupted in is cut off, but only
    where everything before it is results: somebody else's file is left alone.
    """
    if source != STANDARD_INPUT and output.exists() and output.samefile(source):
        fail("the output is the input; name another file", Exit.USAGE)
    try:
        data = output.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        fail(f"can't read {output}: {error.strerror}", Exit.USAGE)
    whole, tail = data[: data.rfind(b"\n") + 1], data[data.rfind(b"\n") + 1 :]
    try:
        rows = [json.loads(line) for line in whole.split(b"\n") if line.strip()]
        found = {str(row["id"]): str(row["status"]) for row in rows}
    except (ValueError, KeyError, TypeError):
        fail(f"{output} holds something else than results; name another file", Exit.USAGE)
    if not (tail.startswith(RESULT_START) or RESULT_START.startswith(tail)):
        fail(f"{output} ends with something else than a result; name another file", Exit.USAGE)
    if tail:
        with output.open("r+b") as file:
            file.truncate(len(whole))
    return found


def _progress(
    pool: Pool, handles: list[JobHandle], tally: Tally, timeout: float | None, lane: str
) -> Iterator[JobHandle]:
    """Pass the handles on as their results appear, and show how the batch stands: a bar, or lines in a pipe."""
    began = time.monotonic()
    completed = pool.as_completed(handles, timeout=timeout)
    show = _bar if console().is_terminal else _lines
    with show(tally, began) as update:
        asked = began
        for handle in completed:
            yield handle
            if time.monotonic() - asked >= FIGURES_SECONDS:
                asked = time.monotonic()
                tally.running = min(tally.left, pool.figures()[lane].running)
            update()


@contextmanager
def _bar(tally: Tally, began: float) -> Iterator[Callable[[], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - a terminal's

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=console()) as progress:
        task = progress.add_task("", total=tally.total, rate="")

        def update() -> None:
            ended = tally.done + tally.failed
            text = f"queued {tally.queued} running {tally.running} done {tally.done} failed {tally.failed}"
            rate = f"{ended / (time.monotonic() - began):.2f} jobs/s"
            progress.update(task, completed=ended, description=text, rate=rate)

        update()
        yield update


@contextmanager
def _lines(tally: Tally, began: float) -> Iterator[Callable[[], None]]:
    said = began

    def update() -> None:
        nonlocal said
        if time.monotonic() - said >= LINE_SECONDS and tally.left:
            said = time.monotonic()
            say(tally.line(said - began))

    yield update
