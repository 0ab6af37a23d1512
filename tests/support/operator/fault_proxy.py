"""Stands between an operator and its API server: passes calls on, and refuses, cuts or silences some."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from support.waiting import LOOK_SECONDS
from support.wire.http import LIMIT, Gone, Request, read_request, read_response
from support.wire.loop import running_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.cluster.site import Site

LOOPBACK = "127.0.0.1"
PIECE_BYTES = 64 * 1024


class FaultProxy:
    """Its fields may be set by a test at any time."""

    def __init__(self, site: Site) -> None:
        self.refuse: Callable[[Request], bytes | None] = lambda _: None
        """What a request is answered with in the API server's place; None: it is passed on."""
        self.holds: Callable[[Request], bool] = lambda _: False
        """Whether a request is kept from the API server for now."""
        self.requests: list[Request] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._site = site
        self._watches: set[asyncio.StreamWriter] = set()
        self._silent: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None] | None] = set()  # a loop forgets tasks that nobody holds
        pair = site.certificates.server
        self._shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._shown.load_cert_chain(pair.certificate, pair.key)
        admin = site.certificates.admin
        self._upstream = ssl.create_default_context(cafile=str(site.certificates.ca.certificate))
        self._upstream.load_cert_chain(admin.certificate, admin.key)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0, limit=LIMIT, ssl=self._shown)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no new connections; open ones end with the loop."""
        if self._server is not None:
            self._server.close()

    async def cut(self) -> None:
        """Every watch breaks off."""
        for each in list(self._watches):
            each.transport.abort()

    def silence(self) -> None:
        """Every watch stays open, and nothing comes of it any more; those that are begun later are whole."""
        self._silent |= self._watches

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        upstream = None
        try:
            with suppress(Gone, OSError, asyncio.CancelledError):
                upstream = await asyncio.open_connection(
                    LOOPBACK, self._site.ports.api, limit=LIMIT, ssl=self._upstream
                )
                while await self._exchange(reader, writer, *upstream):
                    pass
        finally:
            writer.transport.abort()
            if upstream is not None:
                upstream[1].transport.abort()
            self._tasks.discard(asyncio.current_task())

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> bool:
        request = await read_request(reader, writer)
        self.requests.append(request)
        while self.holds(request):  # noqa: ASYNC110 - a test may let go of some requests and not of others
            await asyncio.sleep(LOOK_SECONDS)
        refusal = self.refuse(request)
        if refusal is not None:
            writer.write(refusal)
            await writer.drain()
            return True
        to_server.write(request.wire)
        await to_server.drain()
        if "watch=true" in request.target:
            await self._pump(from_server, writer)
            return False
        response = await read_response(from_server, request.method)
        writer.write(response.wire)
        await writer.drain()
        return not response.closes

    async def _pump(self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._watches.add(writer)
        try:
            while piece := await from_server.read(PIECE_BYTES):
                if writer not in self._silent:
                    writer.write(piece)
                    await writer.drain()
        finally:
            self._watches.discard(writer)


class Fronted:
    """A proxy that runs, and the kubeconfig of whoever is to use it."""

    def __init__(self, proxy: FaultProxy, kubeconfig: Path, cut: Callable[[], None]) -> None:
        self.proxy = proxy
        self.kubeconfig = kubeconfig
        self.cut = cut


@contextmanager
def fault_proxy(site: Site, folder: Path) -> Iterator[Fronted]:
    """In front of a cluster on loopback."""
    with running_loop() as loop:
        proxy = FaultProxy(site)
        loop.call(proxy.start())
        try:
            yield Fronted(proxy, _kubeconfig(site, folder, proxy.port), lambda: loop.call(proxy.cut()))
        finally:
            loop.call(proxy.stop())


def _kubeconfig(site: Site, folder: Path, port: int) -> Path:
    authority = base64.b64encode(site.certificates.ca.certificate.read_bytes()).decode()
    cluster = {"server": f"https://{LOOPBACK}:{port}", "certificate-authority-data": authority}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "nobody"}}],
        "clusters": [{"name": "proxy", "cluster": cluster}],
        "users": [{"name": "nobody", "user": {}}],
    }
    file = folder / "proxy.kubeconfig"
    file.write_text(json.dumps(document))
    return file


def refusal(status: int, reason: str, **headers: str) -> bytes:
    """An answer as the API server gives it."""
    body = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": reason, "code": status})
    lines = [f"HTTP/1.1 {status} {reason}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def too_old() -> bytes:
    """What a watch begins and ends with where its version is forgotten."""
    event = {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "code": 410, "reason": "Expired"}}
    body = json.dumps(event) + "\n"
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
