"""`laneway top | validate | schema`."""

from __future__ import annotations

import json
import shlex
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from laneway.cli.output import Exit, JsonOption, PoolOption, errors_in_words, open_pool, print_json, printable, say

if TYPE_CHECKING:
    from pydantic import BaseModel

    from laneway.client.remote import Figures

REFRESH_SECONDS = 2.0


def top(
    once: Annotated[bool, typer.Option("--once", help="Print once and end; the default in a pipe.")] = False,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Show how long the lines are."""
    with errors_in_words():
        source = open_pool(pool)
        if json_:
            print_json({name: vars(figures) for name, figures in source.figures().items()})
        elif once or not sys.stdout.isatty():
            typer.echo(_table(source.figures()))
        else:
            from rich.live import Live  # noqa: PLC0415 - only a terminal needs it

            with Live(auto_refresh=False) as live:
                while True:
                    live.update(_table(source.figures()), refresh=True)
                    time.sleep(REFRESH_SECONDS)


def _table(figures: dict[str, Figures]) -> str:
    rows = [("LANE", "QUEUED", "RUNNING", "BACKING OFF")]
    rows += [
        (printable(name), str(each.queued), str(each.running), str(each.delayed)) for name, each in figures.items()
    ]
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{row[0]:<{width}}  {row[1]:>6}  {row[2]:>7}  {row[3]:>11}" for row in rows)


def validate(
    file: Annotated[Path, typer.Argument(metavar="POOL.YAML", help="The pool's file.")], json_: JsonOption = False
) -> None:
    """Check a pool file; every problem comes with its line and what to change."""
    from laneway.pool_file import PoolFileError, load_pool  # noqa: PLC0415 - costs what `--help` should not pay

    with errors_in_words():
        try:
            pool = load_pool(file)
        except PoolFileError as error:
            if json_:
                print_json({"valid": False, "problems": [vars(each) for each in error.problems]})
            else:
                say(str(error))
            raise typer.Exit(int(Exit.USAGE)) from None
        profiles = sorted({name for lane in pool.spec.lanes for name in lane.profiles})
        if profiles:
            say(
                f"not checked: whether the operator has the placement profiles {', '.join(profiles)}; this does, with "
                f"its Helm values: laneway-operator render {shlex.quote(str(file))} --profiles values.yaml"
            )
        lanes = ", ".join(f"{lane.name} ({pool.model_of(lane).name})" for lane in pool.spec.lanes)
        if json_:
            print_json({"valid": True, "problems": []})
        else:
            typer.echo(f"{file} is valid: pool {pool.metadata.name}, lanes {lanes}")


class Document(StrEnum):
    """What has a JSON Schema."""

    JOB = "job"
    RESULT = "result"
    POOL = "pool"
    NOTIFICATION = "notification"


def schema(what: Annotated[Document, typer.Argument(help="Which schema.")]) -> None:
    """Print a JSON Schema."""
    typer.echo(json.dumps(_model(what).model_json_schema(), indent=2))


def _model(what: Document) -> type[BaseModel]:
    from laneway.schema.job.job import Job  # noqa: PLC0415 - costs what `--help` should not pay
    from laneway.schema.job.result import Notification, Result  # noqa: PLC0415 - as above
    from laneway.schema.pool.pool import LLMWorkerPool  # noqa: PLC0415 - as above

    models: dict[Document, type[BaseModel]] = {
        Document.JOB: Job,
        Document.RESULT: Result,
        Document.POOL: LLMWorkerPool,
        Document.NOTIFICATION: Notification,
    }
    return models[what]
