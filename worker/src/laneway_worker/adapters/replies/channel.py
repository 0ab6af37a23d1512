"""What is told of a job: gathered by the thread that works on it, and written by one of its own."""

from __future__ import annotations

import json
import logging
from collections import deque
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from laneway.logs import log_defect
from laneway_worker.adapters.replies.wire import Broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.result import Result
    from laneway_worker.adapters.replies.wire import To
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.replies import Reason

log = logging.getLogger(__name__)

MOST_GATHERED = 256 * 1024  # bytes that wait for the wire: some thousand records
GATHER_SECONDS = 0.02  # after each write: what is told meanwhile goes together, and the first record goes at once
OVER = b""
"""Stands in the place of a line, behind the last one of a stream."""


class Stream(Protocol):
    """An open stream, for one thread; all but `wake` and `close` raise `Broken`."""

    def send(self, lines: bytes) -> None:
        """Write lines."""

    def wait(self, seconds: float | None) -> None:
        """Until somebody wakes it, or so long, or until nobody hears any more."""

    def wake(self) -> None:
        """By any thread."""

    def finish(self) -> None:
        """This was all; it is seen that it was taken."""

    def close(self) -> None:
        """Cut it, where it is not finished."""


class Wire(Protocol):
    """The way to gateways."""

    def open(self, to: To) -> Stream:
        """Begin a stream; raises `Broken`."""


class WiredChannel:
    """The port `Channel`. A thread writes while there is something to tell, one stream after another; the thread that
    works on the job only ever appends.
    """

    def __init__(self, wire: Wire, clock: Clock, to: To, worker: str, lost: Callable[[], None]) -> None:
        """`worker` is who tells; `lost` as the port has it."""
        self._wire = wire
        self._clock = clock
        self._to = to
        self._worker = worker
        self._tell_lost = lost
        self._changed = clock.condition()
        self._lines: deque[bytes] = deque()
        self._put = self._taken = 0  # bytes, each counted by one thread
        self._stream: Stream | None = None
        self._writes = False
        self._idle = False
        self._sent_at = clock.monotonic() - GATHER_SECONDS
        self._tells = self._told_records = self._over = False
        self.lost = False

    def started(self) -> None:
        """See the port."""
        if self._tells and not self._told_records:
            return
        self.again("given_back")
        if not self._over:
            self._tells, self._told_records = True, False
            self._begin(_line("started", {"attempt": self._to.attempt, "worker": self._worker}))

    def record(self, line: bytes) -> None:
        """See the port."""
        if not self._tells or self.lost:
            return
        self._told_records = True
        self._append(b'{"record":%b}\n' % line)
        if self._put - self._taken > MOST_GATHERED:
            self._lose("too much has gathered")

    def again(self, reason: Reason) -> None:
        """See the port."""
        if self._tells:
            self._tells = False
            self._begin(_line("again", {"reason": reason}), OVER)

    def ended(self, result: Result, etag: str) -> None:
        """See the port."""
        if not self._over and not self.lost:
            self._tells, self._over = False, True
            self._begin(_line("ended", {"etag": etag, "sha256": sha256(_text(result)).hexdigest()}), OVER)

    def _append(self, line: bytes) -> None:
        self._lines.append(line)
        self._put += len(line)
        if self._idle and (stream := self._stream) is not None:
            self._idle = False
            stream.wake()

    def _begin(self, *lines: bytes) -> None:
        """Tell what must not wait; a thread that writes is there afterwards."""
        if self.lost:
            return
        with self._changed:
            for each in lines:
                self._append(each)
            is_writing, self._writes = self._writes, True
        if not is_writing:
            self._spawn()
        elif (stream := self._stream) is not None:
            stream.wake()

    def _spawn(self) -> None:
        try:
            self._clock.spawn(f"reply-{self._to.job_id}", self._write)
        except RuntimeError:  # Python's, where the machine has no more threads
            self._lose("no thread could be started")

    def _write(self) -> None:
        try:
            while self._has_more():
                self._write_one()
        except Broken as error:
            self._lose(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the job goes on
            log_defect(log, error)
            self._lose("a defect")

    def _has_more(self) -> bool:
        with self._changed:
            self._writes = bool(self._lines) and not self.lost
            return self._writes

    def _write_one(self) -> None:
        """One stream, to its end."""
        self._stream = stream = self._wire.open(self._to)
        try:
            while not self.lost and not self._write_gathered(stream):
                pass
        finally:
            self._stream = None
            stream.close()

    def _write_gathered(self, stream: Stream) -> bool:
        """Whether that was all."""
        lines, is_over = self._take()
        if lines:
            stream.send(lines)
            self._sent_at = self._clock.monotonic()
        if is_over:
            stream.finish()
        elif lines.count(b"\n") > 1:
            stream.wait(GATHER_SECONDS)  # an engine that is fast need not ring
        else:
            self._rest(stream)
        return is_over

    def _take(self) -> tuple[bytes, bool]:
        lines: list[bytes] = []
        while self._lines:
            line = self._lines.popleft()
            if line == OVER:
                return self._counted(lines), True
            lines.append(line)
        return self._counted(lines), False

    def _counted(self, lines: list[bytes]) -> bytes:
        joined = b"".join(lines)
        self._taken += len(joined)
        return joined

    def _rest(self, stream: Stream) -> None:
        """Until there is something to write; soon after the last time until more has gathered, or the end is there.
        Whoever appends looks at `_idle` afterwards, and we at the lines.
        """
        self._idle = True
        if not self._lines and not self.lost:
            stream.wait(None)
        self._idle = False
        soon = self._sent_at + GATHER_SECONDS - self._clock.monotonic()
        if soon > 0 and self._tells and not self.lost:
            stream.wait(soon)

    def _lose(self, why: str) -> None:
        with self._changed:
            if self.lost:
                return
            self.lost = True
        self._lines.clear()
        if (stream := self._stream) is not None:
            stream.wake()
        fields = {"id": self._to.job_id, "gateway": self._to.gateway, "why": why}
        log.info("nobody hears of the job any more; its result tells all", extra={"fields": fields})
        self._tell_lost()


def _line(name: str, holds: dict[str, object]) -> bytes:
    return json.dumps({name: holds}, separators=(",", ":")).encode() + b"\n"


def _text(result: Result) -> bytes:
    """All that was said, whichever way it was asked."""
    said = result.text if result.message is None else result.message.get("content")
    return str(said or "").encode(errors="surrogatepass")
