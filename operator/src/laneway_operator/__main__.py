"""`laneway-operator run`."""

from __future__ import annotations

import argparse
import os
import sys

from laneway_operator import app
from laneway_operator.settings import SettingsError, read_settings


def main() -> None:
    """Exits with 2 and one line where a setting can't be used."""
    parser = argparse.ArgumentParser(prog="laneway-operator", description="Turns LLMWorkerPools into lanes.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve the cluster that this pod runs in, or that of the current kubeconfig")
    parser.parse_args()
    try:
        app.run(read_settings(os.environ))
    except SettingsError as error:
        sys.stderr.write(f"laneway-operator: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
