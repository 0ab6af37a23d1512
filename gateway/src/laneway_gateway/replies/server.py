"""The listener's server, on a port of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from laneway.listening import listening
from laneway_gateway.replies.uvicorns import BoundedProtocol, OneOfSeveral

if TYPE_CHECKING:
    import ssl

    from starlette.types import ASGIApp

IDLE_SECONDS = 1  # a connection is for one stream
GRACE_SECONDS = 1  # streams end before it, with the requests that they are for


class RepliesServer:
    """Serves streams over TLS while it runs."""

    def __init__(self, app: ASGIApp, context: ssl.SSLContext, address: str, port: int, most: int) -> None:
        """Binds `address`, an IP literal, and `port`, 0 for any; raises OSError. `most` is how many connections may be
        open at once: beyond it they get 503.
        """
        self._socket = listening(address, port)
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=most,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_context_factory=lambda _, __: context,
        )
        self._server = OneOfSeveral(config)

    @property
    def port(self) -> int:
        """The bound one."""
        return int(self._socket.getsockname()[1])

    async def run(self) -> None:
        """Serve, until cancelled."""
        await self._server.serve_on(self._socket)
