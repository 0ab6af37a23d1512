"""`laneway submit | status | result | cancel`."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laneway.cli.files.sending import Sent, job_lines, sent_lines
from laneway.cli.files.text import ONE_LIST, STANDARD_INPUT, read_text
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
    on_one_line,
    open_pool,
    print_json,
    print_json_text,
    printable,
    say,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.client.handles import JobHandle, JobStatus
    from laneway.client.line.line import Run
    from laneway.client.pool import Pool
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.job.result import Result

LINES = {".jsonl", ".ndjson"}
"""How files of one job a line end."""


def submit(
    prompt: Annotated[str | None, typer.Argument(help="The prompt; `-` reads it from standard input.")] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE",
            help="A file: .json is one job, .jsonl or .ndjson is one job a line, else a prompt.",
        ),
    ] = None,
    job_id: Annotated[str | None, typer.Option("--id", help="The job's id. Default: a new one.")] = None,
    lane: LaneOption = None,
    system: Annotated[str | None, typer.Option(help="System text.")] = None,
    schema: Annotated[
        str | None, typer.Option(metavar="FILE", help="A JSON Schema file that the answer must meet.")
    ] = None,
    destination: Annotated[str | None, typer.Option(help="One of the pool's destinations for the output.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens to generate.")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the answer and print it.")] = False,
    timeout: TimeoutOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Send a job, or several, and print their ids; with --wait print the answers."""
    with errors_in_words():
        if prompt is not None and file is not None:
            fail("give a prompt or --file, not both", Exit.USAGE)
        fields = {
            "id": job_id,
            "system": system,
            "format": _read_schema(schema),
            "destination": destination,
            "options": {"num_predict": max_tokens} if max_tokens else None,
        }
        tell = partial(_tell_id, wait=wait, json_=json_)
        if file is not None and Path(file).suffix.lower() in LINES:
            sent = _send_lines(file, pool, lane, fields, tell)
        else:
            document = _read_job(prompt, file)
            sent = Sent([open_pool(pool).submit(document, lane=lane, **fields)])
            tell(sent.handles[0].id)
            _tell_estimate(sent.handles[0].estimate, json_)
        with sent.waiting():
            ends = _wait_for(sent.handles, timeout, json_) if wait else []
        if end := max([*ends, sent.end]):
            raise typer.Exit(int(end))


def _send_lines(
    file: str, pool: str | None, lane: str | None, fields: dict[str, Any], tell: Callable[[str], None]
) -> Sent:
    from laneway.client.sending.many import send_in_turn  # noqa: PLC0415 - costs what `--help` should not pay

    text = read_text(file)
    if fields["id"] is not None and sum(1 for line in text.split("\n") if line.strip()) > 1:
        fail("--id names one job; a file of several has its ids inside", Exit.USAGE)
    target = open_pool(pool)
    lines = job_lines(target, text, file, lane=target.lane(lane).name, fields=fields).todo
    return sent_lines(lines, send_in_turn((line.job for line in lines), target.send), tell)


def _read_job(prompt: str | None, file: str | None) -> Any:
    if file is not None and file != STANDARD_INPUT:
        text = read_text(file)
        return _job(text, file) if Path(file).suffix.lower() == ".json" else text
    if prompt is None or prompt == STANDARD_INPUT:
        if sys.stdin.isatty() and prompt is None:
            fail('give a prompt (laneway submit "…"), --file, or text on standard input', Exit.USAGE)
        return _read_stdin()
    return prompt


def _read_stdin() -> str:
    text = read_text(STANDARD_INPUT)
    if not text.strip():
        fail("standard input is empty", Exit.USAGE)
    return text


def _json(text: str, where: str) -> Any:
    from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly  # noqa: PLC0415 - as `_wait_for_one`

    try:
        document = read_strictly(text.encode())
    except NotStrictJSON as error:
        lines = "; a file with one job a line is .jsonl" if "Extra data" in str(error) else ""
        fail(f"{where}: {error}{lines}", Exit.USAGE)
    return document


def _job(text: str, where: str) -> Any:
    document = _json(text, where)
    if isinstance(document, list):
        fail(f"{where} {ONE_LIST}, into a .jsonl file", Exit.USAGE)
    if not isinstance(document, dict):
        fail(f"{where}: a job should be a JSON object", Exit.USAGE)
    return document


def _read_schema(path: str | None) -> Any:
    document = None if path is None else _json(read_text(path), path)
    if document is not None and not isinstance(document, dict):
        fail(f"{path}: a schema should be a JSON object", Exit.USAGE)
    return document


def _tell_id(job_id: str, *, wait: bool, json_: bool) -> None:
    """At once: whoever stops waiting needs it. With --wait standard output is for answers alone."""
    if wait:
        say(f"{job_id} sent")
    elif json_:
        print_json({"id": job_id})
    else:
        typer.echo(job_id)


def _tell_estimate(told: Estimate | None, json_: bool) -> None:
    """Beside the id, on standard error: programs read that of `status`."""
    if told is not None and told.known in ("range", "asleep") and not json_:
        say(str(told))


def _wait_for(handles: list[JobHandle], timeout: float | None, json_: bool) -> list[Exit]:
    """One deadline for all; each answer is shown when it is its turn, and stays shown."""
    deadline = Deadline(timeout)
    return [_wait_for_one(handle, deadline.left, json_) for handle in handles]


def _wait_for_one(handle: JobHandle, timeout: float | None, json_: bool) -> Exit:
    """What another request got is not shown, and holds up none of the others; nor does a job that was not sent."""
    from laneway.errors import JobNotSent, ResultOfAnotherRequest  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        result = handle.wait(timeout)
    except (JobNotSent, ResultOfAnotherRequest) as error:
        say(f"laneway: {error}")
        return Exit.USAGE
    _show(result, json_)
    return Exit.OK if result.status == "succeeded" else Exit.JOB_FAILED


def _show(result: Result, json_: bool) -> None:
    if json_:
        print_json_text(result.to_json().decode())
        return
    timing = result.timing
    say(f"{result.id} queued {timing.queued_seconds:.1f}s, ran {timing.run_seconds:.1f}s, {result.status}")
    if result.error is not None:
        say(f"{result.error.code}: {on_one_line(result.error.message)}\n{on_one_line(result.error.fix)}")
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
    """Say how a job stands; who may see workers' reports is told who works on it."""
    with errors_in_words():
        source = open_pool(pool)
        found = source.status(job_id)
        by = _worker_of(source, found)
        if json_:
            print_json(_status_document(found, by))
        else:
            tell(str(found) if by is None else by.words)


def _worker_of(source: Pool, found: JobStatus) -> Run | None:
    """Nothing of a job that has ended, nor where the reader may not see it."""
    from laneway.errors import PoolUnavailable  # noqa: PLC0415 - as below

    if found.state not in ("queued", "running") or found.lane is None:
        return None
    try:
        return source.worker_of(found.id, found.lane)
    except PoolUnavailable:
        return None


def _status_document(found: JobStatus, by: Run | None) -> dict[str, Any]:
    told: dict[str, Any] = {"id": found.id, "state": found.state if by is None else "running", "lane": found.lane}
    told |= {"waiting": found.waiting}
    if by is None and found.estimate is not None:
        told |= {"estimate": found.estimate.model_dump(mode="json", exclude_none=True)}
    return told if by is None else told | by.document


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
            source.refuse_not_sent(job_id)
            fail(f"{job_id} has no result yet; wait for it with --wait", Exit.NOT_YET)
        _show(found, json_)
        if found.status != "succeeded":
            raise typer.Exit(int(Exit.JOB_FAILED))


def _refuse_what_has_ended(pool: Pool, job_id: str) -> None:
    match pool.status(job_id).state:
        case "queued" | "running":
            return
        case "not_sent":
            fail(f"{job_id} was not sent: there is nothing to cancel", Exit.USAGE)
        case _:
            fail(f"{job_id} has its result already; nothing is cancelled", Exit.USAGE)


def cancel(
    job_id: JobIdArgument,
    force: Annotated[bool, typer.Option("--force", help="Also a job that was sent to SQS directly.")] = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask the workers to cancel a job; a running one stops with its worker's next heartbeat."""
    with errors_in_words():
        target = open_pool(pool)
        if not force:
            _refuse_what_has_ended(target, job_id)
        target.cancel(job_id)
        if json_:
            print_json({"id": job_id, "cancel_requested": True})
        else:
            say(f"asked for {job_id} to be cancelled: when a worker receives it, or at its worker's next heartbeat")
