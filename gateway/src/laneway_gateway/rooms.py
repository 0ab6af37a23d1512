"""How much of what a process may hold is taken: requests, and the memory that they need. Pure: nothing here waits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Self

from laneway_gateway.errors import Stopping, TooManyHeld, TooMuchHeld

if TYPE_CHECKING:
    from types import TracebackType


class Memory:
    """The bytes that requests and answers may take in a process, and who has how many.

    Nobody takes more than is left. So who comes next always finds some, one tenant alone has half, and each of several
    as much as the others. (Choudhury and Hahne, "Dynamic queue length thresholds", 1998.) Answers can't be refused: a
    tenant whose own are more than half keeps others out of half and no more.
    """

    def __init__(self, most: int) -> None:
        """`most` are bytes."""
        self.most = most
        self._taken: Counter[str] = Counter()
        """By tenant."""

    @property
    def taken(self) -> int:
        """Bytes, of all tenants."""
        return self._taken.total()

    def share(self, tenant: str) -> Share:
        """Nothing yet."""
        return Share(self, tenant)

    def check(self, tenant: str, more: int) -> None:
        """Raise `TooMuchHeld` where there is no room for so many bytes more of a tenant's."""
        others = sum(min(taken, self.most // 2) for name, taken in self._taken.items() if name != tenant)
        if 2 * (self._taken[tenant] + more) > self.most - others:
            raise TooMuchHeld(
                f"the requests of the key {tenant or 'of nobody'} that are being read take as much of this gateway's "
                "memory as they may: try again shortly, or send fewer large ones at once"
            )

    def count(self, tenant: str, more: int) -> None:
        """So many bytes more, or fewer."""
        self._taken[tenant] += more
        if not self._taken[tenant]:
            del self._taken[tenant]


class Share:
    """The memory that one thing takes. Once it is released it takes none any more."""

    def __init__(self, memory: Memory, tenant: str) -> None:
        """Nothing yet."""
        self.size = 0
        """Bytes."""
        self._memory = memory
        self._tenant = tenant
        self._released = False

    def reach(self, size: int) -> None:
        """Take so many bytes in all, where it has not as many; raises `TooMuchHeld`."""
        if size > self.size:
            self._memory.check(self._tenant, size - self.size)
            self.become(size)

    def become(self, size: int) -> None:
        """It takes so many bytes now: what nobody can refuse, as it is there already."""
        if not self._released:
            self._memory.count(self._tenant, size - self.size)
            self.size = size

    def moved(self) -> Share:
        """What it took, as a share of its own: of what may outlive it. This one has nothing then."""
        other = Share(self._memory, self._tenant)
        other.size, self.size = self.size, 0
        return other

    def release(self) -> None:
        """It is gone. More than once is nothing."""
        self.become(0)
        self._released = True


class Room:
    """What one held request takes. Whoever has one releases it, whatever happens."""

    def __init__(self, rooms: Rooms, tenant: str) -> None:
        """It is counted already."""
        self.memory = rooms.memory.share(tenant)
        """Its body's, until its job is sent; then of what its answer needs."""
        self._rooms = rooms
        self._tenant = tenant
        self._released = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """The request is held no longer. More than once is nothing."""
        if not self._released:
            self._released = True
            self.memory.release()
            self._rooms.leave(self._tenant)


class Rooms:
    """The requests that a process holds."""

    def __init__(self, most: int, memory: Memory) -> None:
        """`most` requests of all tenants together."""
        self.memory = memory
        self.closed = False
        """Whether no more requests are taken."""
        self._most = most
        self._held: Counter[str] = Counter()
        """By tenant."""

    @property
    def held(self) -> int:
        """How many requests are held."""
        return self._held.total()

    def check_open(self) -> None:
        """Raise `Stopping` where no more requests are taken."""
        if self.closed:
            raise Stopping("this gateway is being stopped: send the request again, and another one takes it")

    def enter(self, tenant: str, most: int) -> Room:
        """Room for one request of a tenant's, who has `most` at once; raises `Stopping` and `TooManyHeld`."""
        self.check_open()
        if self.held >= self._most:
            raise TooManyHeld(f"this gateway holds {self._most} requests already, as many as it may; try again shortly")
        if self._held[tenant] >= most:
            raise TooManyHeld(
                f"{most} requests of the key {tenant} are held here already, as many as may be: wait for one of them "
                "to end"
            )
        self._held[tenant] += 1
        return Room(self, tenant)

    def leave(self, tenant: str) -> None:
        """One fewer; called by its `Room`."""
        self._held[tenant] -= 1
        if not self._held[tenant]:
            del self._held[tenant]
