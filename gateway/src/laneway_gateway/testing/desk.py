"""A desk that plays what a test wrote down."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway_gateway.desk import Broken, Ended, Standing
from laneway_gateway.errors import UnknownJob
from laneway_gateway.rooms import Memory, Rooms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from laneway_gateway.desk import Asked, Event, Limit, Tenant
    from laneway_gateway.errors import DoorError
    from laneway_gateway.rooms import Room

MOST_HELD, MOST_BYTES = 1000, 128 * 1024 * 1024


@dataclass
class FakeHeld:
    """A held request whose events are written down. It plays them once: to `events` or to `ended`."""

    job_id: str
    tenant: Tenant
    steps: deque[Event | asyncio.Event]
    """What happens; where an `asyncio.Event` stands it is silent until somebody sets that."""
    joined: bool = False
    model: str = ""
    left: list[bool] = field(default_factory=list)
    """`hung_up` of each time that it was left: once, if the door is right."""

    async def events(self) -> AsyncIterator[Event]:
        """The steps in order; after the last one, silence for ever unless it was an end."""
        while self.steps:
            step = self.steps.popleft()
            if isinstance(step, asyncio.Event):
                await step.wait()
                continue
            yield step
            if isinstance(step, Ended | Broken):
                return
        await asyncio.Event().wait()

    async def ended(self) -> Ended | Broken:
        """The end, without the records between."""
        async for event in self.events():
            if isinstance(event, Ended | Broken):
                return event
        raise AssertionError("an endless silence has ended")

    async def leave(self, *, hung_up: bool) -> None:
        """Note it."""
        self.left.append(hung_up)


@dataclass
class FakeDesk:
    """Plays one script a request, in order; without one a request is held in silence."""

    scripts: deque[tuple[Event | asyncio.Event, ...] | DoorError] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    """Every request that was taken, or refused."""
    held: dict[str, FakeHeld] = field(default_factory=dict)
    """Every held request by its job's id: `job-1`, `job-2`, …."""
    cancelled: list[str] = field(default_factory=list)
    """Ids of jobs that somebody has cancelled."""
    queued: dict[str, int] = field(default_factory=dict)
    """Jobs that wait, by lane; of other lanes nobody knows."""
    limited: Sequence[Limit] = ()
    """What everybody may use."""
    joins: bool = False
    """Whether retries (`retry` > 0) join an earlier job."""
    rooms: Rooms = field(default_factory=lambda: Rooms(MOST_HELD, Memory(MOST_BYTES)))
    """The real ones."""

    def will(self, *steps: Event | asyncio.Event) -> None:
        """What the next request meets."""
        self.scripts.append(steps)

    def refuses(self, error: DoorError) -> None:
        """Why the next request is not taken."""
        self.scripts.append(error)

    def reserve(self, tenant: Tenant) -> Room:
        """As the real one."""
        return self.rooms.enter(tenant.name, tenant.most_held)

    async def take(self, asked: Asked, room: Room) -> FakeHeld:  # noqa: ARG002 - whoever reserved it releases it
        """Hold it by the next script."""
        self.asked.append(asked)
        script = self.scripts.popleft() if self.scripts else ()
        if not isinstance(script, tuple):
            raise script
        joined, model = self.joins and asked.retry > 0, asked.translated.model
        held = FakeHeld(f"job-{len(self.held) + 1}", asked.tenant, deque(script), joined, model)
        self.held[held.job_id] = held
        return held

    async def follow(self, tenant: Tenant, job_id: str) -> FakeHeld:
        """Hold a job again: what of its script is left."""
        return self._own(tenant, job_id)

    async def standing(self, tenant: Tenant, job_id: str) -> Standing:
        """By what its script says next."""
        held = self._own(tenant, job_id)
        end = next((each for each in held.steps if isinstance(each, Ended)), None)
        if end is None:
            return Standing("cancelling" if job_id in self.cancelled else "queued", None, held.model)
        return Standing(end.result.status, end.result, held.model)

    async def cancel(self, tenant: Tenant, job_id: str) -> Standing:
        """Note it."""
        self._own(tenant, job_id)
        self.cancelled.append(job_id)
        return await self.standing(tenant, job_id)

    async def forget(self, tenant: Tenant, job_id: str) -> None:
        """Cancel it, and know it no longer."""
        await self.cancel(tenant, job_id)
        del self.held[job_id]

    def limits(self, tenant: Tenant) -> Sequence[Limit]:  # noqa: ARG002 - as the test says
        """As the test says."""
        return self.limited

    async def waiting(self, lane: str) -> int | None:
        """As the test says."""
        return self.queued.get(lane)

    def _own(self, tenant: Tenant, job_id: str) -> FakeHeld:
        held = self.held.get(job_id)
        if held is None or held.tenant.name != tenant.name:
            raise UnknownJob(f"there is no job {job_id} of yours; check the id")
        return held
