"""A server between a suite and a gateway: where the suite says a name that no gateway has, it says one that is there.

Suites that were made for a mock server name models and answers that only the mock has. Nothing else is changed.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx

from support.strangers.models import BRIEF, EMBED
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60.0
HOPS = ("connection", "content-length", "host", "transfer-encoding", "accept-encoding")
MODELS = {"gpt-6-astra": BRIEF, "gpt-3.5-turbo-instruct": BRIEF, "text-embedding-3-small": EMBED, "model": BRIEF}
ANSWERS = ("resp_677efb5139a88190b512bc3fef8e535d", "response_id")
"""Ids in the place of which a response is made anew."""
RESPONSES = "/v1/responses"
UNSAID = {"model": BRIEF, "input": "hi"}
"""What responses are made of where the suite asks for nothing at all, as a mock would let it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    url: str


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_DELETE(self) -> None:
        self._pass_on()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _pass_on(self) -> None:
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in HOPS]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=SECONDS) as client:
            path = self._renamed_path(client)
            with (
                suppress(ConnectionError),  # the suite has closed what it streams
                client.stream(self.command, path, headers=headers, content=_renamed(self.path, body)) as answer,
            ):
                self._answer(answer)

    def _renamed_path(self, client: httpx.Client) -> str:
        path, mark, query = self.path.partition("?")
        parts = [MODELS.get(each, each) for each in path.split("/")]
        if any(each in ANSWERS for each in parts):
            kept = {"Authorization": self.headers.get("Authorization", ""), "X-Laneway-On-Disconnect": "keep"}
            made = client.post(RESPONSES, json=UNSAID | {"background": True}, headers=kept)
            name = made.json()["id"] if made.is_success else None  # a server that makes none is asked for the mock's
            parts = [name or each if each in ANSWERS else each for each in parts]
        return "/".join(parts) + mark + query

    def _answer(self, answer: httpx.Response) -> None:
        self.send_response(answer.status_code)
        for name, value in answer.headers.multi_items():
            if name.lower() not in (*HOPS, "content-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in answer.iter_bytes():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


def _renamed(path: str, body: bytes) -> bytes:
    try:
        fields = json.loads(body)
    except ValueError:
        return body
    if path == RESPONSES:
        fields = UNSAID | fields
    if isinstance(fields, dict) and fields.get("model") in MODELS:
        fields = fields | {"model": MODELS[fields["model"]]}
    return json.dumps(fields).encode()


@contextmanager
def renaming(url: str) -> Iterator[str]:
    """The URL of such a server before another one."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.url = url
        serving = in_thread(lambda: server.serve_forever(poll_interval=0.02))
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.result(timeout=10)
