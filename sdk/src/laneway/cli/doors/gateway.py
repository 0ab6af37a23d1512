"""`laneway gateway`, and `laneway keys new`."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from laneway.cli.output import Exit, JsonOption, fail, print_json, say, tell

MODULE = "laneway_gateway"
MISSING = "the gateway is not installed: pip install laneway-gateway"
OWN = "LANEWAY_GATEWAY_"

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Keys by which a gateway tells who asks.")


def gateway(
    pool: Annotated[
        str | None,
        typer.Option("--pool", envvar="LANEWAY_POOL", help="s3://bucket/prefix, or the state folder of `laneway up`."),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Who may ask, by the hashes of their keys; read again when it changes. Without it everybody on this "
            "machine may, and nobody else.",
        ),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Address and port, such as [::]:8000. Default: 127.0.0.1:11435"),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(metavar="IP", help="By which workers reach this machine, to stream to it. Default: 127.0.0.1"),
    ] = None,
) -> None:
    """Serve OpenAI's and Ollama's APIs in front of a pool until Ctrl-C. Variables of the environment say the rest."""
    if importlib.util.find_spec(MODULE) is None:
        fail(MISSING, Exit.UNAVAILABLE)
    given = {"LANEWAY_POOL": pool, f"{OWN}KEYS": keys, f"{OWN}LISTEN": listen, f"{OWN}ADDRESS": address}
    variables = {name: str(value) for name, value in given.items() if value is not None}
    argv = [sys.executable, "-P", "-m", MODULE]  # -P: not importing from the folder that the user happens to be in
    os.execve(sys.executable, argv, {**os.environ, **variables})  # noqa: S606 - a list of arguments without a shell


@app.command()
def new(
    name: Annotated[
        str, typer.Argument(help="Whose it is: small letters, digits and dashes. It stands on jobs and in logs.")
    ],
    lane: Annotated[
        list[str] | None,
        typer.Option(help="A lane that it may use, the preferred one first; may be repeated. Default: all of them."),
    ] = None,
    jobs_in_flight: Annotated[
        int | None, typer.Option(metavar="JOBS", help="How many of its jobs may be without a result at once.")
    ] = None,
    tokens_per_day: Annotated[
        int | None, typer.Option(metavar="TOKENS", help="How many tokens it may read and write on a day of UTC.")
    ] = None,
    gpu_seconds_per_day: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="How many seconds of GPUs it may use on a day of UTC.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Make a key: a line with the key, which is kept nowhere, and a line with its entry for the keys file."""
    from pydantic import ValidationError  # noqa: PLC0415 - costs what `--help` should not pay

    from laneway.schema.pool.documents.keys_file import KEY_BYTES, KEY_PREFIX, GatewayKey, hash_of  # noqa: PLC0415 - as above
    from laneway.schema.shared.problems import problems  # noqa: PLC0415 - as above

    key = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
    bounds = (
        ("jobsInFlight", jobs_in_flight),
        ("tokensPerDay", tokens_per_day),
        ("gpuSecondsPerDay", gpu_seconds_per_day),
    )
    quota = {each: most for each, most in bounds if most is not None}
    entry: dict[str, object] = {"name": name, "sha256": hash_of(key)} | ({"lanes": lane} if lane else {})
    entry |= {"quota": quota} if quota else {}
    try:
        GatewayKey.model_validate_json(json.dumps(entry))
    except ValidationError as error:
        fail(f"there can be no such key: {problems(error)}", Exit.USAGE)
    if json_:
        print_json({"key": key, "entry": entry})
        return
    say("the key, shown this once, and what goes into the list `keys` of the keys file:")
    tell(key)
    tell(json.dumps(entry))
