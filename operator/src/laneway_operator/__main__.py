"""`laneway-operator run`, and `laneway-operator render pool.yaml`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laneway_operator import app
from laneway_operator.errors import SpecError
from laneway_operator.reasons import Reason
from laneway_operator.rendering import rendered
from laneway_operator.settings import SettingsError, read_settings, rendering_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from laneway_operator.placement.profiles import Profile

UNUSABLE = 2
STANDARD_INPUT = "-"


def main() -> None:
    """Exits with 2 and one line where a setting or a pool can't be used."""
    asked = _arguments()
    try:
        if asked.command == "run":
            app.run(read_settings(os.environ))
        else:
            _render(asked.pool, asked.profiles)
    except SettingsError as error:
        _refuse(str(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="laneway-operator", description="Turns LLMWorkerPools into lanes.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve the cluster that this pod runs in, or that of the current kubeconfig")
    render = commands.add_parser("render", help="print what would be applied for a pool, without a cluster")
    render.add_argument("pool", help="a file with pools; - for standard input")
    render.add_argument("--profiles", type=Path, help="a YAML file with `placementProfiles`: Helm values are one")
    return parser.parse_args()


def _render(pool: str, profiles: Path | None) -> None:
    settings = rendering_settings(os.environ, profiles)
    known = app.read_profiles(settings.profiles) if settings.profiles.name else {}
    try:
        text = sys.stdin.read() if pool == STANDARD_INPUT else Path(pool).read_text(encoding="utf-8")
        sys.stdout.write(rendered(text, settings, known))
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"can't read {pool}: {error}")
    except SpecError as error:
        _refuse(f"{pool}: {error}{_hint(error, known)}")


def _hint(error: SpecError, known: Mapping[str, Profile]) -> str:
    return "; --profiles names a file with yours" if error.reason is Reason.UNKNOWN_PROFILE and not known else ""


def _refuse(words: str) -> NoReturn:
    sys.stderr.write(f"laneway-operator: {words}\n")
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
