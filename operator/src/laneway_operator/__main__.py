"""`laneway-operator run`, and `laneway-operator render pool.yaml`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.schema.pool.file import PoolFileError, read_pools, read_profiles
from laneway_operator import app
from laneway_operator.errors import SpecError
from laneway_operator.reasons import Reason
from laneway_operator.rendering import rendered
from laneway_operator.settings import SettingsError, read_settings, rendering_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from laneway.schema.pool.profile import ProfileSpec

UNUSABLE = 2
STANDARD_INPUT = "-"


def main() -> None:
    """As a person, or a pod, starts it."""
    command(sys.argv[1:], os.environ)


def command(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Exits with 2 and one line where a setting or a pool can't be used."""
    asked = _parsed(arguments)
    try:
        if asked.command == "run":
            app.run(read_settings(environment))
        else:
            _render(asked.pool, asked.profiles, asked.engines, environment)
    except SettingsError as error:
        _refuse(str(error))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="laneway-operator", description="Turns LLMWorkerPools into lanes.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve the cluster that this pod runs in, or that of the current kubeconfig")
    render = commands.add_parser("render", help="print what would be applied for a pool, without a cluster")
    render.add_argument("pool", help="a file with pools; - for standard input")
    render.add_argument("--profiles", type=Path, help="a YAML file with PlacementProfiles, beside those of POOL")
    render.add_argument(
        "--engines", type=Path, help="a YAML file with `engines`, beside the chart's: Helm values are one"
    )
    return parser.parse_args(arguments)


def _render(pool: str, profiles: Path | None, engines: Path | None, environment: Mapping[str, str]) -> None:
    settings = rendering_settings(environment)
    settings = app.add_engines(settings, engines) if engines else settings
    known: dict[str, ProfileSpec] = {}
    try:
        found = read_pools(sys.stdin.buffer.read() if pool == STANDARD_INPUT else Path(pool).read_bytes(), pool)
        given = read_profiles(profiles.read_bytes(), str(profiles)) if profiles else ()
        known = {each.metadata.name: each.spec for each in (*found.profiles, *given)}
        for other in found.others:
            sys.stderr.write(f"{pool}:{other.line}: not rendered: an object of kind {other.kind}\n")
        sys.stdout.write(rendered(found, settings, known))
    except OSError as error:
        _refuse(f"can't read {error.filename}: {error.strerror}")
    except PoolFileError as error:
        _refuse(str(error))
    except SpecError as error:
        _refuse(f"{pool}: {error}{_hint(error, known, engines)}")


def _hint(error: SpecError, known: Mapping[str, ProfileSpec], engines: Path | None) -> str:
    if error.reason is Reason.UNKNOWN_PROFILE and not known:
        return "; --profiles names a file with yours"
    return "; --engines names a file with yours" if error.reason is Reason.UNKNOWN_ENGINE and not engines else ""


def _refuse(words: str) -> NoReturn:
    sys.stderr.write(f"laneway-operator: {words}\n")
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
