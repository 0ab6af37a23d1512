"""An Ollama that costs next to nothing: `python -m bench.worker.stub_engine PORT TOKEN_SECONDS`.

It answers with as many tokens as a request's `num_predict`, each TOKEN_SECONDS after the one before.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

MODEL = "stub:latest"
DIGEST = "0" * 64
TOKEN = b'{"model":"stub","created_at":"2026-01-01T00:00:00Z","response":" word","done":false}\n'
PAGES: dict[str, dict[str, Any]] = {
    "/api/version": {"version": "0.24.0"},
    "/api/tags": {"models": [{"name": MODEL, "digest": DIGEST}]},
    "/api/show": {"capabilities": ["completion"]},
}


class Engine(asyncio.Protocol):
    """One connection; it takes one request after the other."""

    def __init__(self, token_seconds: float) -> None:
        self._token_seconds = token_seconds
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._received = b""
        self._answer(head.split(b" ", 2)[1].decode(), json.loads(body) if body else {})

    def _answer(self, path: str, asked: dict[str, Any]) -> None:
        if path in PAGES:
            text = json.dumps(PAGES[path]).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))
            return
        self._transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        tokens = int(asked.get("options", {}).get("num_predict", 1)) if "prompt" in asked else 0
        self._next(tokens, tokens)

    def _next(self, left: int, tokens: int) -> None:
        if self._transport.is_closing():
            return
        if left == 0:
            final = {"model": "stub", "response": "", "done": True, "done_reason": "stop", "eval_count": tokens}
            self._piece(json.dumps(final | {"prompt_eval_count": 8}).encode() + b"\n")
            self._transport.write(b"0\r\n\r\n")
        elif self._token_seconds:
            asyncio.get_running_loop().call_later(self._token_seconds, self._token, left, tokens)
        else:
            self._token(left, tokens)

    def _token(self, left: int, tokens: int) -> None:
        self._piece(TOKEN)
        self._next(left - 1, tokens)

    def _piece(self, text: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(text), text))


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def serve(port: int, token_seconds: float) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Engine(token_seconds), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
