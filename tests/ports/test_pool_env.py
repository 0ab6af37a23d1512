"""What Helm values say to the containers that call AWS is obeyed by the worker's real clients."""

from __future__ import annotations

import socketserver
import ssl
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import EndpointConnectionError, ProxyConnectionError, SSLError

from laneway_operator.environment import VARIABLES
from laneway_operator.render.pods import TRUSTED_BY
from laneway_worker.adapters.aws.clients import make_clients
from support.table.tls import self_signed
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.table.tls import Signed

SECONDS = 30.0


class Proxy(socketserver.ThreadingTCPServer):
    """A forward proxy that lets nobody through, and knows who was to be reached."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Refusing)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Refusing(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        self.server.asked.append(self.rfile.readline().decode().strip())
        while self.rfile.readline().strip():  # what is left unread would cut the answer short
            pass
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as server:
        running = in_thread(server.serve_forever)
        yield server
        server.shutdown()
        running.result(timeout=SECONDS)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *TRUSTED_BY):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.parametrize(
    ("said", "host"),
    [
        ({}, "sqs.us-east-1.amazonaws.com"),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "sqs-fips.us-east-1.amazonaws.com"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "sqs.us-east-1.api.aws"),
        ({"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, "sqs-fips.us-east-1.api.aws"),
    ],
)
def test_a_workers_calls_go_through_the_proxy_to_the_endpoint_that_is_wanted(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], host: str
) -> None:
    for name, value in {**said, "HTTPS_PROXY": proxy.url}.items():
        monkeypatch.setenv(name, value)
    clients = make_clients("us-east-1", None, slots=1, poll_seconds=1)
    with pytest.raises(ProxyConnectionError):
        clients.heartbeat.get_queue_url(QueueName="jobs")
    assert [each.split()[:2] for each in proxy.asked] == [["CONNECT", f"{host}:443"]]


class Asked(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        answer = b'{"QueueUrl":"https://localhost/jobs"}'
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nowhere."""


@pytest.fixture
def endpoint(signed: Signed) -> Iterator[str]:
    """One whose certificate no public authority has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        running = in_thread(server.serve_forever)
        yield f"https://localhost:{server.server_address[1]}"
        server.shutdown()
        running.result(timeout=SECONDS)


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return self_signed(tmp_path, "localhost")


def test_an_authority_of_ones_own_is_believed_where_it_is_named_and_nowhere_else(
    endpoint: str, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SSLError):
        make_clients("us-east-1", endpoint, slots=1, poll_seconds=1).heartbeat.get_queue_url(QueueName="jobs")
    for name in TRUSTED_BY:
        monkeypatch.setenv(name, str(signed.certificate))
    clients = make_clients("us-east-1", endpoint, slots=1, poll_seconds=1)
    assert clients.heartbeat.get_queue_url(QueueName="jobs")["QueueUrl"] == "https://localhost/jobs"


def test_an_emulator_is_asked_by_no_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "http://127.0.0.1:9"  # nobody is there
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    clients = make_clients("us-east-1", other, slots=1, poll_seconds=1)
    with pytest.raises(EndpointConnectionError):
        clients.heartbeat.get_queue_url(QueueName="jobs")
    assert proxy.asked == []
