"""`laneway`: the commands, each in its module."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from laneway.cli import batch, failed, iam, jobs, local, pools
from laneway.cli.doors import dashboard, gateway
from laneway.cli.line import estimate, top
from laneway.cli.output import lenient
from laneway.cli.rows import asking, mending

app = typer.Typer(
    name="laneway",
    help="A queue in front of Ollama: send jobs, find one result per job.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes longer to load than everything that help needs
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - only this option needs it

        typer.echo(f"laneway {version('laneway')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


app.command(short_help="Run a pool on this machine until Ctrl-C.")(local.up)
app.command(short_help="Send jobs; --wait prints the answers.")(jobs.submit)
app.command(short_help="Say how a job stands.")(jobs.status)
app.command(short_help="Print a job's answer.")(jobs.result)
app.command(short_help="Ask the workers to cancel a job.")(jobs.cancel)
app.command(short_help="Send a file of jobs and write their results.")(batch.batch)
app.command(short_help="Show how long the lines are.")(top.top)
app.command(short_help="Say what a file of jobs takes, before it is sent.")(estimate.estimate)
app.add_typer(failed.app, name="failed", short_help="Look after jobs that failed for good.")
app.add_typer(asking.app, name="jobs", short_help="List jobs that have ended, by the pool's table.")
app.add_typer(mending.app, name="table", short_help="Look after a pool's table: check it, rebuild it.")
app.command(short_help="Serve OpenAI's and Ollama's APIs in front of a pool.")(gateway.gateway)
app.command(short_help="Show pools in a browser.")(dashboard.dashboard)
app.add_typer(gateway.app, name="keys", short_help="Make keys for a gateway.")
app.command(short_help="Check a pool file.")(pools.validate)
app.command(short_help="Print a JSON Schema.")(pools.schema)
app.command(short_help="Print least-privilege IAM policies for a pool.")(iam.iam)
app.command(short_help="Check what this machine has for running pools.")(local.doctor)


def run() -> None:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        lenient(stream)
    app()
