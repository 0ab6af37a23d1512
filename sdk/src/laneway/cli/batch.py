"""`laneway batch`: JSONL in, JSONL out; resumable, because a line's id follows from the line."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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

    from laneway.client.pool import JobHandle, Pool
    from laneway.schema.job.result import Result

LINE_SECONDS = 5.0
FIGURES_SECONDS = 2.0
RESULT_START = b'{"id":"'  # of Result.to_json
ID_CHARACTERS = 24


@dataclass
class Tally:
    """How a batch stands."""

    total: int
    done: int = 0
    failed: int = 0
    running: int = 0

    def count(self, status: str) -> None:
        """One more result."""
        if status == "succeeded":
            self.done += 1
        else:
            self.failed += 1

    @property
    def left(self) -> int:
        """Without a result yet."""
        return self.total - self.done - self.failed

    @property
    def queued(self) -> int:
        """Left, and in no worker's hands as far as the queue says."""
        return max(0, self.left - self.running)

    def line(self, seconds: float) -> str:
        """For a pipe."""
        ended = self.done + self.failed
        rate = ended / seconds if seconds > 0 else 0.0
        eta = f", about {self.left / rate:.0f} s left" if rate and self.left else ""
        return (
            f"queued {self.queued}, running {self.running}, done {self.done}, failed {self.failed} "
            f"of {self.total}; {rate:.2f} jobs/s{eta}"
        )


def batch(
    source: Annotated[Path, typer.Argument(metavar="JOBS.JSONL", help="One job a line; `-` is standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where results go, one a line, as they come.")],
    lane: LaneOption = None,
    timeout: TimeoutOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Send a file of jobs and write their results; run it again to go on where it was interrupted."""
    with errors_in_words():
        target = open_pool(pool)
        lane = target.lane(lane).name
        jobs = _read_jobs(source, lane)
        have = _results_in(output, source)
        todo = [job for job_id, job in jobs.items() if job_id not in have]
        with _open(output) as sink:
            tally = Tally(len(jobs))
            for job_id in jobs.keys() & have.keys():
                tally.count(have[job_id])
            if have:
                say(f"{output} has {len(jobs) - len(todo)} of {len(jobs)} results already; going on with the rest")
            say(f"sending {len(todo)} jobs to lane {lane}")
            handles = target.submit_all(todo, lane=lane)
            began = time.monotonic()
            for handle in _progress(target, handles, tally, timeout, lane):
                if (result := _found(handle, tally)) is not None:
                    tally.count(result.status)
                    sink.write(result.to_json().decode() + "\n")
                    sink.flush()
        _tell_end(tally, time.monotonic() - began, json_)
        if tally.failed:
            raise typer.Exit(int(Exit.JOB_FAILED))


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
            {"total": tally.total, "succeeded": tally.done, "failed": tally.failed, "seconds": round(seconds, 1)}
        )
    else:
        say(tally.line(seconds))


def _read_jobs(source: Path, lane: str) -> dict[str, dict[str, Any]]:
    """Id → job, in the file's order. A line without an id gets one from content, lane and place among equals."""
    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"can't read {source}: {getattr(error, 'strerror', None) or 'it is not UTF-8'}", Exit.USAGE)
    jobs: dict[str, dict[str, Any]] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        job = _read_job(line, f"{source}:{number}")
        if job.get("id") is None:
            job.pop("id", None)
            digest = hashlib.sha256(json.dumps([lane, job], sort_keys=True).encode()).hexdigest()[:ID_CHARACTERS]
            seen[digest] = seen.get(digest, 0) + 1
            job["id"] = f"{digest}-{seen[digest]}"
        if job["id"] in jobs:
            fail(f"{source}:{number}: the id {job['id']} stands twice; give each job its own", Exit.USAGE)
        jobs[job["id"]] = job
    return jobs


def _read_job(line: str, where: str) -> dict[str, Any]:
    from laneway.schema.job.job import InvalidJob, parse_job  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        parse_job(line.encode("utf-8", errors="surrogatepass"))
    except InvalidJob as error:
        fail(f"{where}: {error}", Exit.USAGE)
    return dict(json.loads(line))


def _results_in(output: Path, source: Path) -> dict[str, str]:
    """Id → status of what an earlier run wrote. The half of a last line that it was interrupted in is cut off, but only
    where everything before it is results: somebody else's file is left alone.
    """
    if output.exists() and source.exists() and output.samefile(source):
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
