"""The doors' server: it can take no more connections while those that are open go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from laneway.schema.shared.names import GATEWAY_SERVER
from laneway_gateway.replies.uvicorns import SILENT_SECONDS, STUCK_SECONDS, BoundedProtocol, OneOfSeveral

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


MORE_CONNECTIONS = 1000  # beside those that hold requests: idle ones, and those that ask for the catalogue
KEPT_SECONDS = 5  # an idle connection lasts longer here than before: the load balancer closes first, and loses nothing
GRACE_SECONDS = 5.0  # for the last bytes of answers that have ended


class DoorsServer:
    """Serves the doors while it runs."""

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        most_held: int,
        edge_idle_seconds: float,
        silent_seconds: float = SILENT_SECONDS,
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        """`listening` is closed at the end; `silent_seconds` and `stuck_seconds` as for `OneOfSeveral`."""
        self._app = app
        self._socket = listening
        self._closing = False
        config = uvicorn.Config(
            self._closing_when_it_ends,
            interface="asgi3",
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            headers=[("server", GATEWAY_SERVER)],
            server_header=False,
            proxy_headers=False,
            limit_concurrency=most_held + MORE_CONNECTIONS,
            timeout_keep_alive=int(edge_idle_seconds) + KEPT_SECONDS,
            timeout_graceful_shutdown=int(GRACE_SECONDS),
        )
        self._server = OneOfSeveral(config, silent_seconds, stuck_seconds)

    @property
    def port(self) -> int:
        """The bound one."""
        return int(self._socket.getsockname()[1])

    async def _closing_when_it_ends(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers that begin after `refuse` are their connections' last: whoever asks again finds another gateway."""

        async def sending(message: Message) -> None:
            if self._closing and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, sending)

    def refuse(self) -> None:
        """Take no more connections. Uvicorn's own end would do the same, and cut open streams in those versions that
        have Kludex/uvicorn#2829 and not #2913, which took it back.
        """
        self._closing = True
        for each in self._server.servers if self._server.started else ():
            each.close()

    async def run(self) -> None:
        """Serve, until cancelled; then whatever is still open has `GRACE_SECONDS`."""
        await self._server.serve_on(self._socket)
