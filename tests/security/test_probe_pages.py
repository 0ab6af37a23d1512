"""Somebody in the cluster who opens connections to the pages of workers and operators, and says nothing."""

from __future__ import annotations

import socket
import struct
import threading
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from laneway.probes import MOST_CONNECTIONS, READ_SECONDS, server_of
from laneway_operator.health import http as operator
from laneway_operator.health.metrics import Metrics
from laneway_worker.report import http as worker
from laneway_worker.report.metrics import Families
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "127.0.0.1"
SILENT = 200
ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 0.9  # Linux sends again after a second to whom a server had no room for


class Ready:
    ready_enough, trouble, sick = True, "", ""


@contextmanager
def serving(part: str) -> Iterator[int]:
    """The port of its pages."""
    server: Any
    if part == "operator":
        server = operator.serve(operator.Health(dict, str, Metrics().text), f"{HERE}:0")
        running = None
    else:
        server = server_of(worker.Health(list, Ready(), Families()).page, f"{HERE}:0")
        running = in_thread(server.serve_forever)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        if running is not None:
            running.result(timeout=ANSWER_SECONDS)


@pytest.mark.parametrize("part", ["worker", "operator"])
def test_a_probe_is_answered_beside_hundreds_who_say_nothing(part: str) -> None:
    before = threading.active_count()
    with serving(part) as port, ExitStack() as stack:
        for _ in range(SILENT):
            stack.enter_context(socket.create_connection((HERE, port), timeout=CONNECT_SECONDS))
        with urllib.request.urlopen(f"http://{HERE}:{port}/readyz", timeout=ANSWER_SECONDS) as answer:
            assert answer.status == 200
        most = before + MOST_CONNECTIONS + 2  # who serves, and who is about to see that he was cut off
        eventually(lambda: threading.active_count() <= most, READ_SECONDS)


@pytest.mark.parametrize("part", ["worker", "operator"])
def test_who_says_nothing_is_let_go_after_a_while(part: str) -> None:
    with serving(part) as port, socket.create_connection((HERE, port), timeout=ANSWER_SECONDS) as silent:
        silent.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert silent.recv(1) == b""


@pytest.mark.parametrize("part", ["worker", "operator"])
def test_who_is_cut_off_or_goes_leaves_nothing_in_the_log(part: str, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(part) as port, ExitStack() as stack:
        for _ in range(3 * MOST_CONNECTIONS):
            stack.enter_context(socket.create_connection((HERE, port))).sendall(b"GET")
        gone = socket.create_connection((HERE, port))
        gone.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        with urllib.request.urlopen(f"http://{HERE}:{port}/readyz", timeout=ANSWER_SECONDS) as answer:
            assert answer.status == 200
    assert capfd.readouterr().err == ""
