"""Servers as child processes that leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

from laneway.local.processes.children import kill_group
from support import canary
from support.waiting import PATIENCE_SECONDS, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

TERM_SECONDS = 10.0


def ended(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; Ctrl-C leaves nothing of it behind, no compiler either."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        with process:
            output, errors = process.communicate()
    finally:
        kill_group(process.pid)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def closed_port() -> Iterator[int]:
    """A loopback port that refuses connections for as long as it is held: bound, never listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@contextmanager
def server(
    command: Sequence[str], environment: Mapping[str, str], port: int, log: Path, seconds: float = PATIENCE_SECONDS
) -> Iterator[psutil.Process]:
    """A child that leads its own session and, within so many seconds, listens on `port`; at the end no process of its
    group is left.
    """
    canary.watch(log)
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        ) as child,
    ):
        try:
            eventually(lambda: child.poll() is not None or listens(port), seconds)
            assert child.poll() is None, f"{command[0]} ended: {log.read_text(errors='replace')[-2000:]}"
            yield psutil.Process(child.pid)
        finally:
            _end(child)


def listens(port: int) -> bool:
    """Whether somebody takes connections on a loopback port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(TERM_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # what the child left: Ollama's runners survive a killed server
    eventually(lambda: not _group(child.pid))


def _group(leader: int) -> list[int]:
    return [each.pid for each in psutil.process_iter() if _belongs(each, leader)]


def _belongs(process: psutil.Process, leader: int) -> bool:
    with suppress(psutil.Error, ProcessLookupError):
        return os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    return False
