"""`laneway dashboard`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from laneway.cli.output import Exit, fail
from laneway.schema.shared.names import DASHBOARD_VARIABLES, PROJECTOR_FILE

MODULE = "laneway_dashboard"
MISSING = "the dashboard is not installed: pip install laneway-dashboard"


def dashboard(
    pool: Annotated[
        list[str] | None,
        typer.Option(
            "--pool",
            help="s3://bucket/prefix, or the state folder of `laneway up`; may be repeated. Default: $LANEWAY_POOL, "
            "else .laneway",
        ),
    ] = None,
    table: Annotated[
        list[Path] | None,
        typer.Option(
            "--table",
            metavar="FILE",
            help="The document that a pool's projector reads; may be repeated. Default: $LANEWAY_TABLE, and "
            f"{PROJECTOR_FILE} in a state folder.",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1024, max=65535, help="Default: 11436, or a free one where that is taken.")
    ] = None,
    viewer: Annotated[
        bool, typer.Option("--viewer", help="Whoever opens the link may look, and neither retry, drop nor pause.")
    ] = False,
) -> None:
    """Show pools in a browser until Ctrl-C, with your own rights; prints a link that opens once."""
    if importlib.util.find_spec(MODULE) is None:
        fail(MISSING, Exit.UNAVAILABLE)
    given = {
        "POOLS": "\n".join(pool) if pool else None,
        "TABLES": "\n".join(map(str, table)) if table else os.environ.get("LANEWAY_TABLE"),
        "PORT": None if port is None else str(port),
        "ROLE": "viewer" if viewer else None,
    }
    variables = {f"{DASHBOARD_VARIABLES}{name}": value for name, value in given.items() if value is not None}
    argv = [sys.executable, "-P", "-m", MODULE]  # -P: not importing from the folder that the user happens to be in
    os.execve(sys.executable, argv, {**os.environ, **variables})  # noqa: S606 - a list of arguments without a shell
