"""What Helm values say to the containers that call AWS is obeyed by the worker's real clients."""

from __future__ import annotations

import socketserver
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import EndpointConnectionError, ProxyConnectionError

from laneway_operator.environment import VARIABLES
from laneway_worker.adapters.aws.clients import make_clients
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    for name in VARIABLES:
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


def test_an_emulator_is_asked_by_no_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "http://127.0.0.1:9"  # nobody is there
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    clients = make_clients("us-east-1", other, slots=1, poll_seconds=1)
    with pytest.raises(EndpointConnectionError):
        clients.heartbeat.get_queue_url(QueueName="jobs")
    assert proxy.asked == []
