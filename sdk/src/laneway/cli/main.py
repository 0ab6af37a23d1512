"""`laneway`: the commands, each in its module."""

from __future__ import annotations

from typing import Annotated

import typer

from laneway.cli import batch, failed, iam, jobs, local, pools

app = typer.Typer(
    name="laneway",
    help="A queue in front of Ollama: send jobs, find one result per job.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
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


app.command()(local.up)
app.command()(jobs.submit)
app.command()(jobs.status)
app.command()(jobs.result)
app.command()(jobs.cancel)
app.command()(batch.batch)
app.command()(pools.top)
app.add_typer(failed.app, name="failed")
app.command()(pools.validate)
app.command()(pools.schema)
app.command()(iam.iam)
app.command()(local.doctor)


def run() -> None:
    """The entry point."""
    app()
