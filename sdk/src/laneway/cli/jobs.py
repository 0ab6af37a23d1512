"""`laneway submit | status | result | cancel`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laneway.cli.output import (
    Deadline,
    Exit,
    JobIdArgument,
    JsonOption,
    LaneOption,
    PoolOption,
    TimeoutOption,
    errors_in_words,
    fail,
    open_pool,
    print_json,
    printable,
    say,
)

if TYPE_CHECKING:
    from laneway.client.pool import JobHandle
    from laneway.schema.job.result import Result


def submit(
    prompt: Annotated[str | None, typer.Argument(help="The prompt; `-` reads it from standard input.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="A file: .json is one job, .jsonl is one job a line, else a prompt."),
    ] = None,
    job_id: Annotated[str | None, typer.Option("--id", help="The job's id. Default: a new one.")] = None,
    lane: LaneOption = None,
    system: Annotated[str | None, typer.Option(help="System text.")] = None,
    schema: Annotated[Path | None, typer.Option(help="A JSON Schema file that the answer must meet.")] = None,
    destination: Annotated[str | None, typer.Option(help="One of the pool's destinations for the output.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens to generate.")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the answer and print it.")] = False,
    timeout: TimeoutOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Send a job, or several, and print their ids; with --wait print the answers."""
    with errors_in_words():
        documents = _read_jobs(prompt, file)
        if job_id is not None and len(documents) > 1:
            fail("--id names one job; a file of several has its ids inside", Exit.USAGE)
        extra = {
            "id": job_id,
            "system": system,
            "format": _read_schema(schema),
            "destination": destination,
            "options": {"num_predict": max_tokens} if max_tokens else None,
        }
        target = open_pool(pool)
        handles = []
        for document in documents:
            handles.append(target.submit(document, lane=lane, **extra))
            _tell_id(handles[-1].id, wait, json_)
        if wait:
            _wait_for(handles, timeout, json_)


def _read_jobs(prompt: str | None, file: Path | None) -> list[Any]:
    if prompt is not None and file is not None:
        fail("give a prompt or --file, not both", Exit.USAGE)
    if file is not None and str(file) != "-":
        text = _read(file)
        if file.suffix == ".jsonl":
            return [_json(line, f"{file}:{number}") for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        return [_json(text, str(file))] if file.suffix == ".json" else [text]
    if prompt is None or prompt == "-":
        if sys.stdin.isatty() and prompt is None:
            fail('give a prompt (laneway submit "…"), --file, or text on standard input', Exit.USAGE)
        return [_read_stdin()]
    return [prompt]


def _read_stdin() -> str:
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        fail("standard input is not UTF-8 text", Exit.USAGE)
    if not text.strip():
        fail("standard input is empty", Exit.USAGE)
    return text


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        fail(f"{path} is not UTF-8 text", Exit.USAGE)
    except OSError as error:
        fail(f"can't read {path}: {error.strerror}", Exit.USAGE)


def _json(text: str, where: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        fail(f"{where} is not JSON: {error}", Exit.USAGE)
    if not isinstance(document, dict):
        fail(f"{where}: a job should be a JSON object", Exit.USAGE)
    return document


def _read_schema(path: Path | None) -> Any:
    return None if path is None else _json(_read(path), str(path))


def _tell_id(job_id: str, wait: bool, json_: bool) -> None:
    """At once: whoever stops waiting needs it. With --wait standard output is for answers alone."""
    if wait:
        say(f"{job_id} sent")
    elif json_:
        print_json({"id": job_id})
    else:
        typer.echo(job_id)


def _wait_for(handles: list[JobHandle], timeout: float | None, json_: bool) -> None:
    """One deadline for all; each answer is shown when it is its turn, and stays shown."""
    deadline = Deadline(timeout)
    ends = [_wait_for_one(handle, deadline.left, json_) for handle in handles]
    if any(ends):
        raise typer.Exit(int(max(ends)))


def _wait_for_one(handle: JobHandle, timeout: float | None, json_: bool) -> Exit:
    """What another request got is not shown, and holds up none of the others."""
    from laneway.errors import ResultOfAnotherRequest  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        result = handle.wait(timeout)
    except ResultOfAnotherRequest as error:
        say(f"laneway: {error}")
        return Exit.USAGE
    _show(result, json_)
    return Exit.OK if result.status == "succeeded" else Exit.JOB_FAILED


def _show(result: Result, json_: bool) -> None:
    if json_:
        typer.echo(result.to_json().decode())
        return
    timing = result.timing
    say(f"{result.id} queued {timing.queued_seconds:.1f}s, ran {timing.run_seconds:.1f}s, {result.status}")
    if result.error is not None:
        say(printable(f"{result.error.code}: {result.error.message}\n{result.error.fix}"))
    else:
        answer = _answer(result)
        typer.echo(printable(answer) if sys.stdout.isatty() else answer)


def _answer(result: Result) -> str:
    if result.parsed is not None:
        return json.dumps(result.parsed, ensure_ascii=False, indent=2)
    if result.embeddings is not None:
        return json.dumps(result.embeddings)
    if result.message is not None:
        calls = result.message.get("tool_calls")
        return json.dumps(calls, ensure_ascii=False) if calls else str(result.message.get("content", ""))
    return result.text or ""


def status(job_id: JobIdArgument, pool: PoolOption = None, json_: JsonOption = False) -> None:
    """Say how a job stands."""
    with errors_in_words():
        found = open_pool(pool).status(job_id)
        if json_:
            print_json({"id": found.id, "state": found.state, "lane": found.lane, "waiting": found.waiting})
        else:
            typer.echo(str(found))


def result(
    job_id: JobIdArgument,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until there is a result.")] = False,
    timeout: TimeoutOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Print a job's answer."""
    with errors_in_words():
        source = open_pool(pool)
        found = source.wait(job_id, timeout=timeout) if wait else source.find(job_id)
        if found is None:
            fail(f"{job_id} has no result yet; wait for it with --wait", Exit.NOT_YET)
        _show(found, json_)
        if found.status != "succeeded":
            raise typer.Exit(int(Exit.JOB_FAILED))


def cancel(
    job_id: JobIdArgument,
    force: Annotated[bool, typer.Option("--force", help="Also a job that was sent to SQS directly.")] = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask the workers to cancel a job; a running one stops with its worker's next heartbeat."""
    with errors_in_words():
        target = open_pool(pool)
        if not force and target.status(job_id).state not in ("queued", "running"):
            fail(f"{job_id} has its result already; nothing is cancelled", Exit.USAGE)
        target.cancel(job_id)
        if json_:
            print_json({"id": job_id, "cancel_requested": True})
        else:
            say(f"asked for {job_id} to be cancelled: when a worker receives it, or at its worker's next heartbeat")
