"""`laneway-dashboard`, as the environment says: a pod's; and started by `laneway dashboard` and `laneway up`."""

from __future__ import annotations

import argparse
import os
import sys

from laneway import logs
from laneway.errors import LanewayError
from laneway_dashboard.app.parts import log_link, run
from laneway_dashboard.settings import OWN, SettingsError, read_settings

UNUSABLE = 2
UNREACHABLE = 4


def main() -> None:
    """Serve. Exits with 2 and one line where a setting can't be used, with 4 where a pool can't be reached."""
    _arguments()
    child = os.environ.get(f"{OWN}LINK_IN_LOG") == "1"
    logs.configure("laneway_dashboard")
    try:
        run(read_settings(os.environ), os.environ, log_link if child else _say)
    except (OSError, SettingsError) as error:
        _refuse(UNUSABLE, str(error))
    except LanewayError as error:
        _refuse(UNREACHABLE, str(error))


def _arguments() -> None:
    """None; all is said by the environment."""
    argparse.ArgumentParser(
        prog="laneway-dashboard",
        description=f"Shows Laneway's pools in a browser, as {OWN}* in the environment says: docs/howto/dashboard.md.",
    ).parse_args()


def _say(url: str) -> None:
    sys.stderr.write(f"the dashboard, by a link that opens once: {url}\n")
    sys.stderr.flush()


def _refuse(code: int, message: str) -> None:
    sys.stderr.write(f"laneway-dashboard: {message}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
