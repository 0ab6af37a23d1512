"""AWS's own command line, for the commands that pages and messages give to people."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from support.aws.moto import CREDENTIALS

FOR_SQS = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\n'
"""Version 1, which comes from PyPI, passes over the variable for SQS; version 2 does not."""
AWS = Path(sys.executable).with_name("aws")


def command_in(message: str) -> str:
    """The command that mends what a message tells of; a condition goes on after it."""
    return message.partition("mend it: ")[2].partition(". Laneway looks")[0]


def run_script(script: str, endpoint: str) -> str:
    """What the commands of a page print; each must succeed."""
    path = f"{AWS.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": "/nonexistent", "AWS_ENDPOINT_URL": endpoint, **CREDENTIALS}
    done = subprocess.run(
        ["bash", "-euc", FOR_SQS + script], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(f"{script}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_line(line: str, endpoint: str | None = None) -> str:
    """What a command line that begins with `aws` prints; it must succeed."""
    program, *argv = shlex.split(line)
    if program != "aws":
        raise ValueError(f"not a command of AWS's: {line}")
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **CREDENTIALS}
    environment |= {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
    done = subprocess.run([str(AWS), *argv], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{line}\n{done.stdout}{done.stderr}")
    return done.stdout
