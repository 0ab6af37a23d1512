"""Messages over a socket between two processes of one worker: a length, and so many bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

LENGTH = struct.Struct("!Q")
PART_BYTES = 1 << 20  # read at once


def send(other: socket.socket, data: bytes) -> None:
    """One message: its length, and itself."""
    other.sendall(LENGTH.pack(len(data)) + data)


def receive(other: socket.socket) -> bytes | None:
    """One message; None where the other side is gone."""
    head = _exactly(other, LENGTH.size)
    return None if head is None else _exactly(other, LENGTH.unpack(head)[0])


def _exactly(other: socket.socket, size: int) -> bytes | None:
    parts = []
    while size:
        part = other.recv(min(size, PART_BYTES))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
