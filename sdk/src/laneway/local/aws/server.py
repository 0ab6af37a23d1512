"""`python -m laneway.local.aws.server PORT FOLDER`: SQS, S3 and SNS by moto, on loopback, kept in a folder.

It answers the folder's access key alone (`keys.json`). What is stored is written to the folder every two
seconds and at the end, and read back at the next start: results are plain files below `s3/`.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from laneway.local.aws.guard import Guard
from laneway.local.aws.keys import keys_of
from laneway.local.aws.state import EmbeddedState
from laneway.local.processes.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway.local.aws.guard import Application

SAVE_SECONDS = 2.0
TICK_SECONDS = 0.1


def main() -> None:
    """Serve until SIGTERM."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    state = EmbeddedState(folder)
    state.restore()
    moto = OnePutAtATime(DomainDispatcherApplication(create_backend_app))
    application = Guard(moto, keys_of(folder).access_key_id)
    server = make_server(LOOPBACK, port, application, threaded=True, request_handler=_QuietHandler)
    server.daemon_threads = True  # type: ignore[attr-defined] # of socketserver.ThreadingMixIn - long polls may hang on
    threading.Thread(target=server.serve_forever, daemon=True).start()
    saved = time.monotonic()
    while not signal.sigpending() & signals:
        time.sleep(TICK_SECONDS)
        if time.monotonic() - saved >= SAVE_SECONDS:
            state.save()
            saved = time.monotonic()
    server.shutdown()
    state.save()


class OnePutAtATime:
    """moto looks whether an object is there and then writes, without a lock: two conditional PUTs could both win."""

    def __init__(self, application: Application) -> None:
        """A WSGI application."""
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        if environ["REQUEST_METHOD"] != "PUT":
            return self._application(environ, start_response)
        with self._lock:
            return self._application(environ, start_response)


class _QuietHandler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # kept connections: a new one for each call costs more than the call

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Requests are not worth a line each."""


if __name__ == "__main__":
    main()
