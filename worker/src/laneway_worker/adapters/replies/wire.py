"""One stream to a gateway: a chunked POST over TLS. No proxy, no redirect, no name is looked up."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import quote

from laneway_worker.adapters.replies.believed import NotBelieved

if TYPE_CHECKING:
    from laneway_worker.adapters.replies.believed import Believed
    from laneway_worker.adapters.replies.registrations import Registrations
    from laneway_worker.ports.clock import Clock

CONNECT_SECONDS = 2.0  # with TLS: a gateway that is busy answers late, and nobody waits for this
WRITE_SECONDS = 0.2  # for all that has gathered; who reads more slowly than that reads the result
ANSWER_SECONDS = 5.0  # after the last line
MOST_ANSWER = 4096  # bytes: of an answer its first line counts
PIECE = 16 * 1024  # bytes: a record of TLS
IPV6 = 6


class Broken(Exception):
    """Nobody hears any more; the words say why, and quote nothing."""


@dataclass(frozen=True)
class To:
    """Whom a job's stream is for."""

    gateway: str
    job_id: str
    token: str
    attempt: int
    receives: int

    @property
    def head(self) -> bytes:
        """Of its request. The token and the gateway's id have patterns, and so nothing else gets into a header."""
        return (
            f"POST /streams/{quote(self.job_id, safe='')} HTTP/1.1\r\n"
            f"Host: {self.gateway}\r\n"
            f"Authorization: Stream {self.token}\r\n"
            f"Laneway-Attempt: {self.attempt}\r\n"
            f"Laneway-Receives: {self.receives}\r\n"
            "Content-Type: application/x-ndjson\r\n"
            "Transfer-Encoding: chunked\r\n"
            "\r\n"
        ).encode()


class TLSWire:
    """Opens streams."""

    def __init__(self, registrations: Registrations, clock: Clock) -> None:
        """Gateways are found by their registrations."""
        self._registrations = registrations
        self._clock = clock

    def open(self, to: To) -> TLSStream:
        """Connect and say what is to come. Raises `Broken`."""
        try:
            gateway = self._registrations.find(to.gateway)
        except NotBelieved as error:
            raise Broken(str(error)) from None
        stream = TLSStream(_connected(gateway), self._clock)
        try:
            stream.write(to.head)
        except Broken:
            stream.close()
            raise
        return stream


def _connected(gateway: Believed) -> ssl.SSLSocket:
    family = socket.AF_INET6 if ip_address(gateway.address).version == IPV6 else socket.AF_INET
    plain = socket.socket(family, socket.SOCK_STREAM)
    try:
        plain.settimeout(CONNECT_SECONDS)
        plain.connect((gateway.address, gateway.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a token must not wait for the next one
        secured = gateway.context.wrap_socket(plain)
    except (OSError, ValueError) as error:
        plain.close()
        raise Broken(f"can't connect: {type(error).__name__}") from None
    if secured.getpeercert(binary_form=True) != gateway.der:
        secured.close()
        raise Broken("it shows another certificate")
    return secured


class TLSStream:
    """A connection. One thread uses it; another one may `wake` it."""

    def __init__(self, connection: ssl.SSLSocket, clock: Clock) -> None:
        """Connected."""
        connection.settimeout(0)  # it is waited for by `poll` alone: a write is one system call
        self._connection = connection
        self._clock = clock
        self._ear, self._bell = socket.socketpair()
        self._bell.settimeout(0)
        self._lock = threading.Lock()
        self._open = True
        self._poll = select.poll()
        for each in (self._connection, self._ear):
            self._poll.register(each, select.POLLIN)

    def send(self, lines: bytes) -> None:
        """Write lines as one chunk, within 200 ms. Raises `Broken`."""
        self.write(b"%x\r\n%b\r\n" % (len(lines), lines))

    def write(self, data: bytes) -> None:
        """Write bytes. Raises `Broken`."""
        until = self._clock.monotonic() + WRITE_SECONDS
        left = memoryview(data)
        while left:
            try:
                left = left[self._connection.send(left[:PIECE]) :]
            except ssl.SSLWantWriteError:
                if not self._ready(select.POLLOUT, until):
                    raise Broken("it reads too slowly") from None
            except (OSError, ValueError) as error:
                raise Broken(f"can't write: {type(error).__name__}") from None

    def wait(self, seconds: float | None) -> None:
        """Until somebody wakes us, or so long. Raises `Broken` as soon as the gateway answers or is gone: it has
        nothing to say before the end.
        """
        until = None if seconds is None else self._clock.monotonic() + seconds
        while ready := self._poll.poll(None if until is None else self._left(until)):
            numbers = {number for number, _ in ready}
            if self._connection.fileno() in numbers and (answer := self._read()) is not None:
                raise Broken(f"it answered {_status(answer)}" if answer else "it is gone")
            if self._ear.fileno() in numbers:
                self._ear.recv(MOST_ANSWER)
                return

    def wake(self) -> None:
        """End a wait."""
        with self._lock, suppress(OSError):  # one that is full rings already
            if self._open:
                self._bell.send(b"!")

    def finish(self) -> None:
        """Say that this was all, and see that it was taken. Raises `Broken`."""
        self.write(b"0\r\n\r\n")
        until = self._clock.monotonic() + ANSWER_SECONDS
        answer = b""
        while b"\r\n" not in answer and len(answer) < MOST_ANSWER:
            more = self._read()
            if more is None:
                if not self._ready(select.POLLIN, until):
                    raise Broken("it did not answer")
                continue
            if not more:
                break
            answer += more
        if (status := _status(answer)) != "200":
            raise Broken(f"it answered {status}")

    def _read(self) -> bytes | None:
        """What is there, nothing at the end; None where what came is TLS's own. Raises `Broken`."""
        try:
            return self._connection.recv(MOST_ANSWER)
        except ssl.SSLWantReadError:
            return None
        except (OSError, ValueError) as error:
            raise Broken(f"it is gone: {type(error).__name__}") from None

    def _ready(self, event: int, until: float) -> bool:
        """Whether the connection is, before a time."""
        poll = select.poll()
        poll.register(self._connection, event)
        return bool(poll.poll(self._left(until)))

    def _left(self, until: float) -> float:
        """Milliseconds."""
        return max(0.0, until - self._clock.monotonic()) * 1000

    def close(self) -> None:
        """Cut it."""
        with self._lock:
            self._open = False
            for each in (self._connection, self._ear, self._bell):
                each.close()


def _status(answer: bytes) -> str:
    """Of three digits, or words for it; nothing else of an answer is ever told."""
    words = answer.split(b"\r\n", 1)[0].split()
    status = words[1] if len(words) > 1 else b""
    return status.decode() if len(status) == 3 and status.isdigit() else "something else"  # noqa: PLR2004 - HTTP's digits
