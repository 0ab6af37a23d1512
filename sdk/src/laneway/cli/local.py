"""`laneway up | doctor`."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shlex
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from laneway.cli.output import (
    Exit,
    FileArgument,
    JsonOption,
    PoolOption,
    console,
    errors_in_words,
    fail,
    open_pool,
    print_json,
    say,
    tell,
)
from laneway.schema.shared.names import DEFAULT_STATE
from laneway.schema.shared.regions import REGION_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from laneway.client.connection import Connection
    from laneway.local.doors import Entrances
    from laneway.local.up import Board, UpOptions
    from laneway.schema.pool.pool import LLMWorkerPool

ENDPOINT = re.compile(r"https?://[^/\\\s?#@]+/?")
REGION = re.compile(REGION_PATTERN)
EXTRA = "install the extra that runs pools here: pip install 'laneway[local]'"


def up(
    file: FileArgument,
    state: Annotated[Path, typer.Option(help="Folder for everything that the pool keeps.")] = Path(DEFAULT_STATE),
    aws_endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="An AWS emulator that runs already, such as LocalStack.")
    ] = None,
    aws: Annotated[bool, typer.Option("--aws", help="Use AWS itself, with your credentials.")] = False,
    aws_port: Annotated[
        int | None, typer.Option(min=1024, max=65535, help="Port of embedded AWS. Default: a free one.")
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(
            min=1024,
            max=65535,
            help="Port of the gateway, which has OpenAI's and Ollama's APIs. Default: 11435, or the next free one.",
        ),
    ] = None,
    dashboard_port: Annotated[
        int | None,
        typer.Option(min=1024, max=65535, help="Port of the dashboard. Default: 11436, or a free one."),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            help="The region, where the pool names none. Default: with --aws what AWS_REGION, AWS_DEFAULT_REGION, the "
            "profile or the bucket says, else us-east-1."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Without the board.")] = False,
    price_per_hour: Annotated[
        float | None,
        typer.Option(min=0, help="USD an hour of a worker costs, for the cost in results. Default: as profiles say."),
    ] = None,
    profiles: Annotated[
        Path | None, typer.Option(help="A file with the placement profiles that the lanes name, for their prices.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Run a pool on this machine until Ctrl-C: AWS (embedded by default), Ollama, models, workers, two doors."""
    if not _has_extra():
        fail(EXTRA, Exit.UNAVAILABLE)
    from laneway.local.errors import BadInputError, LocalError  # noqa: PLC0415 - the extra may be missing
    from laneway.local.say import ConsoleSay  # noqa: PLC0415 - as above
    from laneway.local.up import Up, UpOptions  # noqa: PLC0415 - as above
    from laneway.schema.pool.file import PoolFileError  # noqa: PLC0415 - as above

    options = UpOptions(state, region, aws_endpoint, aws, aws_port, http_port, dashboard_port)
    _refuse(options)
    screen = console()
    with errors_in_words(), ExitStack() as stack:
        try:
            pool, prices = _pool_and_prices(file, profiles, price_per_hour)
            run = Up(pool, replace(options, prices=prices), os.environ, ConsoleSay(screen))
            run.run(_board(screen, stack, quiet), lambda pool, entrances: _tell_ready(pool, entrances, state, json_))
        except PoolFileError as error:
            fail(f"the pool can't be used:\n{error}", Exit.USAGE)
        except BadInputError as error:
            fail(str(error), Exit.USAGE)
        except LocalError as error:
            fail(str(error), Exit.UNAVAILABLE)
        except KeyboardInterrupt:
            fail("interrupted; nothing is left running", Exit.INTERRUPTED)
    say("stopped; nothing is left running")


def _pool_and_prices(
    file: Path, profiles: Path | None, price: float | None
) -> tuple[LLMWorkerPool, dict[str, float | None]]:
    """The pool, and what an hour of each lane costs: as the command line says, or the profiles of both files."""
    from laneway.local.lanes.prices import prices_of  # noqa: PLC0415 - the extra may be missing
    from laneway.pool_file import load_objects, load_profiles, only_pool  # noqa: PLC0415 - as above

    found = load_objects(file)
    pool, given = only_pool(found, file), found.profiles + (load_profiles(profiles) if profiles else ())
    if price is not None or not given:
        return pool, dict.fromkeys((lane.name for lane in pool.spec.lanes), price)
    known = {each.metadata.name: each.spec for each in given}
    named = {name for lane in pool.spec.lanes for name in lane.profiles}
    for name in sorted(named - set(known)):
        say(f"no placement profile {name} is given: results of lanes that name it have no cost")
    return pool, prices_of(pool, known)


def _refuse(options: UpOptions) -> None:
    if options.real_aws and options.aws_endpoint:
        fail("--aws and --aws-endpoint exclude each other", Exit.USAGE)
    if options.aws_endpoint and not ENDPOINT.fullmatch(options.aws_endpoint):
        fail("--aws-endpoint should be a URL such as http://127.0.0.1:4566", Exit.USAGE)
    if options.region is not None and not REGION.fullmatch(options.region):
        fail("--region should be a region such as eu-west-1", Exit.USAGE)


def _has_extra() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("laneway_worker", "moto"))


def _tell_ready(connection: Connection, entrances: Entrances, state: Path, json_: bool) -> None:
    gateway = entrances.gateway
    if json_:
        where = {"pool": connection.url, "state": str(state.absolute()), "endpoint": connection.endpoint}
        print_json({"ready": True, **where, "gateway": gateway, "dashboard": entrances.dashboard})
    say(f"ready: {connection.url}")
    if gateway:
        say(f"  OpenAI's API:                   export OPENAI_BASE_URL={gateway}/v1 OPENAI_API_KEY=any")
        say(f"  Ollama's API:                   export OLLAMA_HOST={gateway}")
        if _has_proxy(os.environ):
            say("  past your proxy:                export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1")
    if entrances.dashboard:
        say(f"  the dashboard, opened once by:  {entrances.dashboard}")
    here = connection.endpoint is not None
    named = "" if here and state == Path(DEFAULT_STATE) else f"--pool {state if here else connection.url} "
    say(f'  send a job from this folder:    laneway submit {named}--wait "Capital of France?"')
    exports = [f"LANEWAY_POOL={state.absolute() if connection.endpoint else connection.url}"]
    if connection.endpoint:
        exports.append(f"AWS_ENDPOINT_URL={connection.endpoint}")
        exports.append(f"AWS_ACCESS_KEY_ID={connection.access_key_id}")
        exports.append(f"AWS_SECRET_ACCESS_KEY={connection.secret_access_key}")
    exports += [
        f"{name}={connection.region}" for name in ("AWS_REGION", "AWS_DEFAULT_REGION")
    ]  # boto3 reads the second
    say(f"  from elsewhere, and for boto3:  export {' '.join(shlex.quote(each) for each in exports)}")
    say("  stop:                           Ctrl-C")


def _has_proxy(environment: Mapping[str, str]) -> bool:
    """Whether clients would ask a proxy for what is on loopback, as OpenAI's and Ollama's do."""
    said = {name.lower(): value for name, value in environment.items() if value}
    passed_by = said.get("no_proxy", "")
    return bool({"http_proxy", "all_proxy"} & said.keys()) and "127.0.0.1" not in passed_by and passed_by != "*"


def _board(screen: Console, stack: ExitStack, quiet: bool) -> Board:
    if quiet:
        return _NoBoard()
    return _LiveBoard(screen, stack) if screen.is_terminal else _LineBoard()


class _NoBoard:
    """Shows nothing."""

    def show(self, content: list[tuple[str, ...]]) -> None:
        """Nothing."""


class _LiveBoard:
    """A table that is redrawn in place."""

    def __init__(self, screen: Console, stack: ExitStack) -> None:
        """Drawn from the first figures on."""
        self._screen = screen
        self._stack = stack
        self._live: object | None = None

    def show(self, content: list[tuple[str, ...]]) -> None:
        """Redraw."""
        from rich.live import Live  # noqa: PLC0415 - only a terminal needs it

        from laneway.local.lanes.board import table  # noqa: PLC0415 - the extra may be missing

        if not isinstance(self._live, Live):
            self._live = self._stack.enter_context(Live(console=self._screen, refresh_per_second=4))
        self._live.update(table(content))


class _LineBoard:
    """A line whenever something has changed."""

    def __init__(self) -> None:
        """Nothing said yet."""
        self._said = ""

    def show(self, content: list[tuple[str, ...]]) -> None:
        """Say what has changed."""
        from laneway.local.lanes.board import line  # noqa: PLC0415 - the extra may be missing

        steady = [(*row[:5], "", "", "-", row[8]) for row in content]
        if (text := line(steady)) != self._said:
            self._said = text
            say(line(content))


def doctor(pool: PoolOption = None, json_: JsonOption = False) -> None:
    """Check what this machine has for running pools, and whether the pool answers."""
    checks = [_check_python(), _check_extra()]
    if all(good for _, good, _ in checks):
        checks.append(_check_ollama())
    checks.append(_check_pool(pool))
    if json_:
        print_json([{"check": name, "ok": good, "detail": detail} for name, good, detail in checks])
    else:
        for name, good, detail in checks:
            tell(f"{'ok  ' if good else 'NO  '} {name}: {detail}")
    if not all(good for _, good, _ in checks):
        raise typer.Exit(int(Exit.UNAVAILABLE))


Check = tuple[str, bool, str]


def _check_python() -> Check:
    return "Python", sys.version_info >= (3, 11), platform.python_version()


def _check_extra() -> Check:
    return "local mode", _has_extra(), "installed" if _has_extra() else EXTRA


def _check_ollama() -> Check:
    from laneway.local.errors import LocalError  # noqa: PLC0415 - as above
    from laneway.local.ollama.cache import Cache  # noqa: PLC0415 - the extra may be missing
    from laneway.local.ollama.find import DOWNLOAD, RunningServer, find_ollama, look_for_ollama, missing_build_tools  # noqa: PLC0415 - as above
    from laneway.local.say import ConsoleSay  # noqa: PLC0415 - as above

    try:
        cache = Cache(os.environ)
        found = look_for_ollama(os.environ, cache)
        if isinstance(found, RunningServer):
            find_ollama(os.environ, cache, ConsoleSay(console()))  # asks it
    except LocalError as error:
        return "Ollama", False, str(error)
    if found is not None:
        return "Ollama", True, found.url if isinstance(found, RunningServer) else f"{found.path} ({found.origin})"
    missing = missing_build_tools(os.environ.get("PATH"))
    detail = "none yet; `laneway up` builds one" if not missing else f"none; install it: {DOWNLOAD}"
    return "Ollama", not missing, detail


def _check_pool(url: str | None) -> Check:
    from laneway.errors import LanewayError  # noqa: PLC0415 - boto3 is slow to import

    with errors_in_words():
        try:
            found = open_pool(url)
            waiting = sum(each.queued for each in found.figures().values())
        except LanewayError as error:
            return "pool", False, str(error)
        return "pool", True, f"{found.url}: {len(found.document.lanes)} lanes, about {waiting} jobs queued"
