#!/usr/bin/python3 -I
"""What stands in a pod for `ollama`: a word every tenth of a second, the first of which is the pod's name.

A job's `num_predict` says for how long it runs; one whose prompt begins with `FAILS` is refused. It needs no model.
"""

import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PACE_SECONDS = 0.1
FAILS = "fail"
WORDS = 10
MODELS = {"stub:one": "1" * 64, "stub:two": "2" * 64}
PAGES: dict[str, Any] = {
    "/api/version": {"version": "0.30.0"},
    "/api/tags": {"models": [{"name": name, "digest": digest} for name, digest in MODELS.items()]},
    "/api/show": {"capabilities": ["completion"]},
}


class Handler(BaseHTTPRequestHandler):
    """An answer ends with its connection."""

    def do_GET(self) -> None:
        self._page(200, PAGES.get(self.path, {}))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        messages = asked.get("messages") or [{}]
        prompt = asked.get("prompt") or messages[-1].get("content") or ""
        if self.path in PAGES:
            self._page(200, PAGES[self.path])
        elif not prompt:
            self._page(200, {"done": True, "done_reason": "load"})
        elif prompt.startswith(FAILS):
            self._page(500, {"error": "refused, as the prompt asks"})
        else:
            with suppress(ConnectionError):  # the worker gave the job back
                self._speak(asked.get("options", {}).get("num_predict", WORDS), chat="messages" in asked)

    def log_message(self, *_: object) -> None:
        pass

    def _page(self, status: int, value: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def _speak(self, words: int, *, chat: bool) -> None:
        self.send_response(200)
        self.end_headers()
        for number in range(words):
            text = str(number) if number else socket.gethostname()
            said = {"message": {"role": "assistant", "content": f"{text} "}} if chat else {"response": f"{text} "}
            self.wfile.write(json.dumps(said).encode() + b"\n")
            time.sleep(PACE_SECONDS)
        end = {"done": True, "done_reason": "length", "prompt_eval_count": 1, "eval_count": words}
        self.wfile.write(json.dumps(end).encode() + b"\n")


def serve(address: tuple[str, int]) -> None:
    """Until SIGTERM, which process 1 of a container has to ask for."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ThreadingHTTPServer(address, Handler).serve_forever()


def main() -> None:
    """`ollama serve`, and `ollama list`, which the startup probe runs."""
    host, _, port = os.environ["OLLAMA_HOST"].rpartition(":")
    address = (host.removeprefix("http://"), int(port))
    if sys.argv[1] == "serve":
        serve(address)
    socket.create_connection(address).close()


if __name__ == "__main__":
    main()
