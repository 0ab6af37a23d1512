"""Whose the queues of a `laneway up` are: the name of its state folder, made once, and told by tags."""

from __future__ import annotations

import getpass
import re
import secrets
import socket
from typing import TYPE_CHECKING

from laneway.local.errors import LocalError

if TYPE_CHECKING:
    from pathlib import Path

OWNER_FILE = "owner"
NAME = re.compile(r"[A-Za-z0-9_.=+:@-]{1,100}")
"""What tags take, without the slash that parts it from the pool's name:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html
"""
NOT_OF_A_TAG = re.compile(r"[^A-Za-z0-9_.-]")
MOST_OF_A_NAME = 30
RANDOM_BYTES = 4  # with user and machine beside them: people of one account, not attackers


def owner_of(folder: Path) -> str:
    """The folder's name, made where it has none. Raises `LocalError`."""
    path = folder / OWNER_FILE
    try:
        name = path.read_text().strip()
    except FileNotFoundError:
        return _made(path)
    except (OSError, UnicodeDecodeError):
        name = ""
    if not NAME.fullmatch(name):
        raise LocalError(
            f"{path} holds no name such as anna@laptop-3f9ca2b1; write the one that your queues are tagged with"
        )
    return name


def _made(path: Path) -> str:
    name = f"{_person()}-{secrets.token_hex(RANDOM_BYTES)}"
    draft = path.with_suffix(".new")
    draft.write_text(name + "\n")
    draft.replace(path)  # whole or not at all: a name that is half written can't be told from another one
    return name


def _person() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user that has no name, as in many containers
        user = "somebody"
    return "@".join(NOT_OF_A_TAG.sub("-", each)[:MOST_OF_A_NAME] for each in (user, socket.gethostname()))
