"""An Ollama of one's own machine is started again: where it has died, and where its worker says that it should be."""

from __future__ import annotations

import os
import signal
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from laneway.local.ollama.servers import RESTART_SECONDS, OllamaServer
from laneway.local.processes.children import Children
from laneway.local.say import ConsoleSay
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = "#!/bin/sh\necho started\nexec sleep 600\n"


class Server:
    """A server whose program only waits, and what is said of it."""

    def __init__(self, folder: Path) -> None:
        program, self.log = folder / "ollama", folder / "ollama.log"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        self.said = StringIO()
        self.children = Children(folder / "children.json")
        environment = {"PATH": os.environ["PATH"], "OLLAMA_HOST": "127.0.0.1:1"}
        say = ConsoleSay(Console(file=self.said, width=500))
        self.ollama = OllamaServer("fast", program, environment, self.log, self.children, say)

    @property
    def starts(self) -> int:
        return self.log.read_text().count("started\n")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    eventually(lambda: made.starts == 1)
    yield made
    made.ollama.stop()
    made.children.end_all()


def test_a_server_that_is_well_is_left_alone(server: Server) -> None:
    server.ollama.tend(RESTART_SECONDS)
    assert (server.starts, server.said.getvalue()) == (1, "")


def test_a_server_that_died_is_started_again(server: Server) -> None:
    server.ollama._child.signal(signal.SIGKILL)
    server.ollama._child.process.wait(10)
    server.ollama.tend(RESTART_SECONDS)
    eventually(lambda: server.starts == 2)


def test_a_server_that_spins_is_started_anew_and_the_cause_is_said(server: Server) -> None:
    server.ollama.start_anew("Ollama works on a request that was dropped 60 s ago")
    server.ollama.tend(RESTART_SECONDS)
    eventually(lambda: server.starts == 2)
    assert "dropped 60 s ago" in server.said.getvalue()
