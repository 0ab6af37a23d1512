"""`laneway batch`: JSONL in, JSONL out; resumable, because a line's id follows from the line."""

from __future__ import annotations

import hashlib
import json
import sys
import time
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
    from collections.abc import Iterator

    from laneway.client import JobHandle, Pool

LINE_SECONDS = 5.0
ID_CHARACTERS = 24


@dataclass
class Tally:
    """How a batch stands."""

    total: int
    done: int = 0
    failed: int = 0
    running: int = 0

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
        jobs = _read_jobs(source)
        have = _ids_in(output)
        todo = {job_id: job for job_id, job in jobs.items() if job_id not in have}
        if have:
            say(f"{output} has {len(jobs) - len(todo)} of {len(jobs)} results already; going on with the rest")
        target = open_pool(pool)
        tally = Tally(len(todo))
        handles = target.submit_all(list(todo.values()), lane=lane)
        began = time.monotonic()
        with output.open("a", encoding="utf-8") as sink:
            for handle in _progress(target, handles, tally, timeout, lane):
                result = target.find(handle.id)
                if result is None:
                    continue
                tally.done += result.status == "succeeded"
                tally.failed += result.status != "succeeded"
                sink.write(result.to_json().decode() + "\n")
                sink.flush()
        _tell_end(tally, time.monotonic() - began, json_)
        if tally.failed:
            raise typer.Exit(int(Exit.JOB_FAILED))


def _tell_end(tally: Tally, seconds: float, json_: bool) -> None:
    if json_:
        print_json(
            {"total": tally.total, "succeeded": tally.done, "failed": tally.failed, "seconds": round(seconds, 1)}
        )
    else:
        say(tally.line(seconds))


def _read_jobs(source: Path) -> dict[str, dict[str, Any]]:
    """Id → job, in the file's order. A line without an id gets one from its content and its place among equals."""
    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"can't read {source}: {getattr(error, 'strerror', None) or 'it is not UTF-8'}", Exit.USAGE)
    jobs: dict[str, dict[str, Any]] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        job = _read_job(line, f"{source}:{number}")
        if "id" not in job:
            digest = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:ID_CHARACTERS]
            seen[digest] = seen.get(digest, 0) + 1
            job["id"] = f"{digest}-{seen[digest]}"
        if job["id"] in jobs:
            fail(f"{source}:{number}: the id {job['id']} stands twice; give each job its own", Exit.USAGE)
        jobs[job["id"]] = job
    return jobs


def _read_job(line: str, where: str) -> dict[str, Any]:
    from laneway.schema.job import InvalidJob, parse_job  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        parse_job(line.encode("utf-8", errors="surrogatepass"))
    except InvalidJob as error:
        fail(f"{where}: {error}", Exit.USAGE)
    return dict(json.loads(line))


def _ids_in(output: Path) -> set[str]:
    """The ids that an earlier run wrote; a line that it was interrupted in is cut off."""
    try:
        data = output.read_bytes()
    except FileNotFoundError:
        return set()
    except OSError as error:
        fail(f"can't read {output}: {error.strerror}", Exit.USAGE)
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        with output.open("r+b") as file:
            file.truncate(len(whole))
    try:
        return {str(json.loads(line)["id"]) for line in whole.splitlines() if line.strip()}
    except (ValueError, KeyError, TypeError):
        fail(f"{output} holds something else than results; name another file", Exit.USAGE)


def _progress(
    pool: Pool, handles: list[JobHandle], tally: Tally, timeout: float | None, lane: str | None
) -> Iterator[JobHandle]:
    """Pass the handles on as their results appear, and show how the batch stands: a bar, or lines in a pipe."""
    began = time.monotonic()
    screen = console()
    completed = pool.as_completed(handles, timeout=timeout)
    if not screen.is_terminal:
        yield from _with_lines(completed, tally, began)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - a terminal's

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=screen) as progress:
        task = progress.add_task("", total=tally.total, rate="")
        for handle in completed:
            yield handle
            tally.running = min(tally.left, pool.figures()[pool.lane(lane).name].running)
            ended = tally.done + tally.failed
            text = f"queued {tally.queued} running {tally.running} done {tally.done} failed {tally.failed}"
            rate = f"{ended / (time.monotonic() - began):.2f} jobs/s"
            progress.update(task, completed=ended, description=text, rate=rate)


def _with_lines(completed: Iterator[JobHandle], tally: Tally, began: float) -> Iterator[JobHandle]:
    said = began
    for handle in completed:
        yield handle
        if time.monotonic() - said >= LINE_SECONDS and tally.left:
            said = time.monotonic()
            say(tally.line(said - began))
