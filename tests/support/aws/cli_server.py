"""AWS' command line, loaded once: a process for each command would cost half a second of a processor.

A line of standard input has a command's words, each ended by NUL, in base64. What the command prints goes to the file
`printed`, and its exit code is the line that answers.
"""

from __future__ import annotations

import base64
import os
import sys
from typing import TYPE_CHECKING

from awscli.clidriver import create_clidriver  # type: ignore[import-untyped] # because AWS ships no types for it

if TYPE_CHECKING:
    from collections.abc import Callable

PRINTED = "printed"
IN_BASH = f"""
mkfifo ask answer
"$PYTHON" -m support.aws.cli_server < ask > answer &
exec 8> ask 9< answer
loaded_aws() {{
  printf '%s\\0' "$@" | base64 --wrap=0 >&8; echo >&8
  read -r CODE <&9; cat {PRINTED}; return $CODE
}}
"""
"""Defines `loaded_aws`, for a script whose PYTHON and PYTHONPATH find this module; it ends with the script."""


def main() -> None:
    """Serve until standard input ends."""
    run = create_clidriver().main
    for line in sys.stdin.buffer:
        words = base64.b64decode(line).decode().split("\0")[:-1]
        child = os.fork()
        if child == 0:
            os._exit(_printing(run, words))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - the answer


def _printing(run: Callable[[list[str]], int], words: list[str]) -> int:
    with open(PRINTED, "wb") as printed, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - descriptors are wanted
        os.dup2(printed.fileno(), 1)
        os.dup2(nothing.fileno(), 0)
    try:
        return run(words)
    except SystemExit as error:  # of argparse
        return int(error.code or 0)
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    main()
