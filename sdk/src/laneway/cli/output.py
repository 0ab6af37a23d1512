"""How commands speak: people get words and tables, `--json` gets one document, errors get one line and an exit code."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from laneway.client.pool import Pool


OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""DEL, C1, separators and Unicode's Bidi_Control, which JSON may hold as they are; C0 it may not."""
BEYOND_ASCII = re.compile("[^\x00-\x7f]")


class Exit(IntEnum):
    """Exit codes; documented in docs/reference/cli.md."""

    OK = 0
    JOB_FAILED = 1
    """The job failed, expired or was cancelled; for `batch` and `failed`: one did, or was refused."""
    USAGE = 2
    """The input can't be used: an option, a file, a pool, a job."""
    NOT_YET = 3
    """There is no result yet, a time-out passed, or it was a dry run."""
    UNAVAILABLE = 4
    """The pool or AWS can't be reached, or something is missing on this machine."""
    INTERRUPTED = 130
    """Ctrl-C."""


FileArgument = Annotated[Path, typer.Argument(metavar="POOL.YAML", help="The pool's file; - for standard input.")]
JobIdArgument = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]
PoolOption = Annotated[
    str | None,
    typer.Option(
        "--pool",
        envvar="LANEWAY_POOL",
        help="s3://bucket/prefix, or the state folder of `laneway up`. Default: .laneway",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
LaneOption = Annotated[str | None, typer.Option("--lane", help="The lane. Default: the pool's first.")]
TimeoutOption = Annotated[float | None, typer.Option("--timeout", min=0, help="Seconds to wait. Default: for ever.")]


def console() -> Console:
    """Standard error, where everything that is no result goes."""
    from rich.console import Console  # noqa: PLC0415 - costs what `--help` should not pay

    return Console(stderr=True)


def say(text: str) -> None:
    """Words for people, on standard error."""
    typer.echo(printable(text), err=True)


def tell(text: str) -> None:
    """A result for people, on standard output."""
    typer.echo(printable(text))


class Deadline:
    """One time-out for several waits."""

    def __init__(self, timeout: float | None) -> None:
        """Seconds from now; None: no end."""
        self._at = None if timeout is None else time.monotonic() + timeout

    @property
    def left(self) -> float | None:
        """What the next wait may take."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())


def fail(message: str, code: Exit) -> NoReturn:
    """One line on standard error, and out."""
    say(f"laneway: {message}")
    raise typer.Exit(int(code))


def print_json(value: Any) -> None:
    """One document on standard output."""
    print_json_text(json.dumps(value, ensure_ascii=False))


def print_json_text(text: str) -> None:
    """A document that is JSON already; what a terminal would obey is escaped, which means the same, and so is what the
    encoding of standard output lacks.
    """
    escaped = OBEYED.sub(_escape, text)
    try:
        escaped.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        escaped = BEYOND_ASCII.sub(_escape, escaped)
    typer.echo(escaped)


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if ord(found[0]) > ord("\x7f") else f"\\u{ord(found[0]):04x}"


def lenient(stream: object) -> None:
    """Have a stream show by their numbers the characters that its encoding lacks, such as Windows' in a pipe: an answer
    that holds one would end the command.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """Text from elsewhere without control characters, which a terminal would obey."""
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


def on_one_line(text: str) -> str:
    """The same for a text that stands in a line of ours: it begins none of its own."""
    return " ".join(printable(text).split())


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn what commands raise into a line and an exit code."""
    from laneway.errors import (  # noqa: PLC0415 - as below
        IdReused,
        JobNotSent,
        LanewayError,
        ResultOfAnotherRequest,
        UnknownJob,
    )
    from laneway.schema.job.job import InvalidJob  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        yield
    except InvalidJob as error:
        fail(f"the job can't be sent: {error}", Exit.USAGE)
    except (IdReused, JobNotSent, ResultOfAnotherRequest, UnknownJob) as error:
        fail(str(error), Exit.USAGE)
    except TimeoutError as error:
        fail(str(error), Exit.NOT_YET)
    except LanewayError as error:
        fail(str(error), Exit.UNAVAILABLE)
    except KeyboardInterrupt:
        fail("interrupted; jobs that were sent go on", Exit.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone: nobody is left to tell
        raise typer.Exit(int(Exit.OK)) from None


def open_pool(url: str | None) -> Pool:
    """The pool that a command talks to."""
    from laneway.client.pool import Pool  # noqa: PLC0415 - boto3 is slow to import

    return Pool(url)
