"""AWS for others than this machine's processes: which program to start where, and how to tell that it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.aws import localstack, moto

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Emulated:
    """A program that is AWS."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    """Beside a PATH and a home."""
    health: str
    """The path that answers once it is ready."""


Emulate = Callable[[Path, str, int], Emulated]
"""From a folder for what it writes, and from the address and the port that it is to listen on."""


def moto_at(folder: Path, address: str, port: int) -> Emulated:
    """moto's server."""
    del folder
    return Emulated(moto.program(address, port), moto.CREDENTIALS, "/moto-api/")


def localstack_at(folder: Path, address: str, port: int) -> Emulated:
    """LocalStack, installed where it is missing; skips, or in CI fails, where it can't be."""
    command, environment = localstack.program(folder, address, port)
    return Emulated(command, environment, "/_localstack/health")


EMULATORS: Mapping[str, Emulate] = {"moto": moto_at, "localstack": localstack_at}
