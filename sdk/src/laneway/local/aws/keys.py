"""The access key of a state folder's embedded AWS: random, kept beside what it guards, and the user's alone."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from laneway.local.errors import LocalError
from laneway.local.state import write_privately
from laneway.schema.shared.base import Frozen

if TYPE_CHECKING:
    from pathlib import Path

KEYS_FILE = "keys.json"
OTHERS = 0o077  # of a mode: the group's rights and everybody's
KEY_BYTES = 20  # 160 random bits: base32 makes 32 characters of them, AWS allows 128
SECRET_BYTES = 30


class Keys(Frozen):
    """What a client signs with; embedded AWS compares the id alone."""

    access_key_id: str = Field(min_length=1)
    secret_access_key: str = Field(min_length=1)


def keys_of(folder: Path) -> Keys:
    """The keys of a folder of embedded AWS, made where there are none, and where others may read them: whoever put them
    into a repository knows them. Raises `LocalError`.
    """
    path = folder / KEYS_FILE
    try:
        keys = Keys.model_validate_json(path.read_bytes())
        known = _was_open(path)
    except FileNotFoundError:
        return _made(path)
    except (OSError, ValidationError):
        raise LocalError(f"{path} holds no access key; remove it, and the next start makes another") from None
    return _made(path) if known else keys


def _was_open(path: Path) -> bool:
    """Whether others could read a file, which they can't any more. Some file systems know no others: all stays open."""
    was_open = path.stat().st_mode & OTHERS != 0
    if was_open:
        path.chmod(0o600)
    return was_open and path.stat().st_mode & OTHERS == 0


def _made(path: Path) -> Keys:
    keys = Keys(
        access_key_id=base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode(),
        secret_access_key=secrets.token_urlsafe(SECRET_BYTES),
    )
    write_privately(path, keys.model_dump_json())
    return keys
