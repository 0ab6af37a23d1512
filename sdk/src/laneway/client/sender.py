"""Who sends: the MessageGroupId by which SQS' fair queues keep one sender's flood from holding up the others."""

from __future__ import annotations

import getpass
import re
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SENDER_VARIABLE = "LANEWAY_SENDER"
MOST_CHARACTERS = 128  # SQS: of a MessageGroupId
NOT_ALLOWED = re.compile(r"[^!-~]")  # SQS: letters, digits and punctuation of ASCII


def sender_of(name: str | None, environment: Mapping[str, str]) -> str:
    """The sender's name: what was given, else `$LANEWAY_SENDER`, else the user and the machine."""
    return group_of(name or environment.get(SENDER_VARIABLE) or _here())


def group_of(name: str) -> str:
    """A name as SQS takes it."""
    return NOT_ALLOWED.sub("-", name)[:MOST_CHARACTERS]


def _here() -> str:
    host = socket.gethostname()
    try:
        return f"{getpass.getuser()}@{host}"
    except (KeyError, OSError, ImportError):  # a user that has no name, as in many containers
        return host
