"""An authority of one's own, as pods are told of it, is believed by the worker's real clients and by a real Ollama."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest
from botocore.exceptions import SSLError

from laneway_operator.render.pods import TRUSTED_BY
from laneway_worker.adapters.aws.clients import make_clients
from support.ollama.real import ENGINES, ollama_on
from support.table.tls import self_signed
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.table.tls import Signed

SECONDS = 30.0
FOUND = b'{"QueueUrl":"https://localhost/jobs"}'


@dataclass
class Endpoint:
    """A server whose certificate no public authority has signed."""

    signed: Signed
    host: str
    asked: list[str] = field(default_factory=list)
    """Paths, of those who believed it."""


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    signed = self_signed(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    asked: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(HTTPStatus.NOT_FOUND)

        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", str(len(FOUND)))
            self.end_headers()
            self.wfile.write(FOUND)

        def log_message(self, *_: object) -> None:
            """Nowhere."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        running = in_thread(server.serve_forever)
        yield Endpoint(signed, f"localhost:{server.server_address[1]}", asked)
        server.shutdown()
        running.result(timeout=SECONDS)


def test_a_workers_clients_believe_an_authority_where_it_is_named_and_nowhere_else(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for name in TRUSTED_BY:
        monkeypatch.delenv(name, raising=False)
    url = f"https://{endpoint.host}"
    with pytest.raises(SSLError):
        make_clients("us-east-1", url, slots=1, poll_seconds=1).heartbeat.get_queue_url(QueueName="jobs")
    assert endpoint.asked == []
    for name in TRUSTED_BY:
        monkeypatch.setenv(name, str(endpoint.signed.certificate))
    clients = make_clients("us-east-1", url, slots=1, poll_seconds=1)
    assert clients.heartbeat.get_queue_url(QueueName="jobs")["QueueUrl"] == "https://localhost/jobs"


@pytest.mark.parametrize("engine", ENGINES)
def test_ollama_asks_a_registry_whose_authority_it_is_told_of_and_no_other(
    endpoint: Endpoint, tmp_path: Path, engine: str
) -> None:
    folder = tmp_path / "models"
    folder.mkdir(mode=0o777)
    for told, asked in (({}, 0), ({"SSL_CERT_FILE": str(endpoint.signed.certificate)}, 1)):
        with ollama_on(folder, tmp_path, engine, told) as running:
            model = {"model": f"{endpoint.host}/acme/gemma3:4b", "stream": False}
            answer = httpx.post(f"{running.url}/api/pull", json=model, timeout=SECONDS, trust_env=False)
        assert len(endpoint.asked) == asked
        assert ("certificate" in answer.json()["error"]) is (asked == 0)
