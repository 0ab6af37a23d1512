"""The pool's bucket and queues: the library's own calls, in threads."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

from laneway.client.remote import CONNECTIONS
from laneway.client.sending.outbox import Outbox
from laneway.errors import IdReused, PoolUnavailable
from laneway.schema.job.job import InvalidJob
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.ports.traces import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.client.remote import Figures, Remote, Stored
    from laneway.client.sending.checked import CheckedJob
    from laneway.schema.job.keys import Place
    from laneway_gateway.ports.traces import Traces

T = TypeVar("T")

MOST_SECONDS = 10.0  # a client waits for it; boto3's own tries go on in their thread for 100 s at most


class Threads:
    """Runs blocking calls, as many at once as there are connections, and waits for an answer so long and no longer."""

    def __init__(self, most_seconds: float = MOST_SECONDS) -> None:
        """`most_seconds` count from a call's begin. One that waits for a thread waits on while others are answered: a
        burst is no sign that nobody answers.
        """
        self._seconds = most_seconds
        self._threads = ThreadPoolExecutor(CONNECTIONS, "aws")
        self._answered = time.monotonic()

    async def call(self, act: Callable[[], T]) -> T:
        """What a blocking call returns. Raises `PoolUnreachable`; a call that has begun goes on all the same, and one
        that has not is not made.
        """
        turn = _Turn(act)
        running = asyncio.get_running_loop().run_in_executor(self._threads, turn.run)
        try:
            while (left := self._since(turn) + self._seconds - time.monotonic()) > 0:
                if (await asyncio.wait({running}, timeout=left))[0]:
                    self._answered = time.monotonic()
                    return running.result()
        except (PoolUnavailable, InvalidJob, IdReused) as error:
            raise PoolUnreachable(str(error)) from error
        finally:
            running.cancel()
        words = f"the pool's bucket or queue has not answered for {self._seconds:g} s; try again"
        raise PoolUnreachable(words)

    def _since(self, turn: _Turn[T]) -> float:
        return max(turn.asked, self._answered) if turn.began is None else turn.began

    def close(self) -> None:
        """Begin no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Turn(Generic[T]):
    """One call, and when it was asked for and begun."""

    def __init__(self, act: Callable[[], T]) -> None:
        """Asked for now."""
        self._act = act
        self.asked = time.monotonic()
        self.began: float | None = None

    def run(self) -> T:
        """In its thread."""
        self.began = time.monotonic()
        return self._act()


class S3Store:
    """The pool's bucket."""

    def __init__(self, remote: Remote, threads: Threads) -> None:
        """Both may be shared with `SQSQueues`."""
        self._remote = remote
        self._threads = threads

    async def read(self, key: str) -> Stored | None:
        """An object, or None."""
        return await self._threads.call(lambda: self._remote.read(key))

    async def put_new(self, key: str, body: bytes) -> str | None:
        """`If-None-Match: *`."""
        return await self._threads.call(lambda: self._remote.put_new(key, body, {}))

    async def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """`If-Match`."""
        return await self._threads.call(lambda: self._remote.replace(key, body, {}, etag))

    async def delete(self, key: str, etag: str) -> bool:
        """`If-Match`."""
        return await self._threads.call(lambda: self._remote.delete(key, etag))

    async def etags(self, prefix: str) -> dict[str, str]:
        """As S3 lists them."""
        return await self._threads.call(lambda: self._remote.etags(prefix))

    async def keys(self, prefix: str, first: str = "", last: str | None = None) -> list[str]:
        """No more pages than it takes."""
        return await self._threads.call(lambda: self._keys(prefix, first, last))

    def _keys(self, prefix: str, first: str, last: str | None) -> list[str]:
        found: list[str] = []
        for key, _ in self._remote.keys(prefix, first[:-1]):  # S3 begins after the key that it is given
            if last is not None and key > last:
                break
            if key >= first:
                found.append(key)
        return found


class SQSQueues:
    """The lanes' queues."""

    def __init__(self, remote: Remote, place: Place, threads: Threads, traces: Traces = NO_TRACES) -> None:
        """`place` is where bodies are stored; a message carries its task's span."""
        self._traces = traces
        self._remote = remote
        self._place = place
        self._threads = threads

    async def send(self, job: CheckedJob, *, group: str, attribute: str) -> None:
        """By the library's own outbox."""
        outbox = Outbox(self._remote, self._place, group, attribute, self._traces.carrier())
        await self._threads.call(lambda: outbox.send(job))

    async def figures(self, queue_url: str) -> Figures:
        """A queue's approximate counts."""
        return await self._threads.call(lambda: self._remote.figures(queue_url))
