"""What the doors ask of the part that holds requests: take a job in, follow it, find it again, cancel it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime

    from laneway.schema.job.result import Result
    from laneway.schema.pool.documents.keys_file import Quota
    from laneway.translate.translated import Translated
    from laneway_gateway.rooms import Room


@dataclass(frozen=True)
class Tenant:
    """Whom a key belongs to. Nothing of another tenant can be read, joined or cancelled."""

    name: str
    """The key's name: the message group of its jobs, and a label of its figures."""
    lanes: tuple[str, ...] = ()
    """The lanes that it may use, the preferred one first; none of them named means all of the pool's."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What stands on each of its jobs."""
    most_held: int = 100
    """How many requests a pod holds for it at once."""
    drops_tools: bool = False
    """Whether tools that a model can't use are left out instead of refused."""
    quota: Quota | None = None
    """What it may use, at all gateways together."""


@dataclass(frozen=True)
class Try:
    """One try of a request, without its words: what another one is found by."""

    tenant: str
    """The tenant's name."""
    path: str
    """The door's path: equal bodies at two doors are two requests."""
    body_hash: str
    """SHA-256 of the request's body in hex, which a retry repeats."""
    retry: int = 0
    """Which repetition of the request the client says this is; 0 is the first."""
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Asked:
    """A request that was made into a job. Nobody keeps it once the job is sent: it may have a megabyte."""

    tenant: Tenant
    translated: Translated
    path: str
    """As of `Try`, with the next three."""
    body_hash: str
    retry: int = 0
    idempotency_key: str | None = None
    kept: bool = False
    """Whether the job goes on when its client hangs up."""

    @property
    def tried(self) -> Try:
        """What a repetition is found by."""
        return Try(self.tenant.name, self.path, self.body_hash, self.retry, self.idempotency_key)


@dataclass(frozen=True)
class Started:
    """A worker has begun an attempt."""

    attempt: int


@dataclass(frozen=True)
class Record:
    """One of Ollama's stream records, never the final one."""

    fields: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """The committed result, whole, as it stands in S3. Nothing comes after it."""

    result: Result
    etag: str
    streamed: bool
    """Whether the records before it are exactly the result's text and thinking: where nothing was streamed the door
    replays the result.
    """


@dataclass(frozen=True)
class Broken:
    """What was streamed is not what the result says, or nobody knows any more. Nothing comes after it."""

    message: str


Event = Started | Record | Ended | Broken


class Held(Protocol):
    """A request that waits for its job's result. Whoever has one leaves it, whatever happens."""

    @property
    def job_id(self) -> str:
        """The job's id."""
        ...

    @property
    def joined(self) -> bool:
        """Whether the job was there already, by an earlier try of this request."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """What happens, from the job's first record on; ends after `Ended` or `Broken`."""
        ...

    async def ended(self) -> Ended | Broken:
        """Wait for the end, without the records between."""
        ...

    async def leave(self, *, hung_up: bool) -> None:
        """Hold it no longer. A client that hung up cancels a job that nobody else waits for, after a grace."""
        ...


@dataclass(frozen=True)
class Standing:
    """How a job stands."""

    status: str
    """`queued`, `running`, `cancelling`, or the result's."""
    result: Result | None = None
    model: str = ""
    """The lane's when the job was sent."""
    came: datetime | None = None
    """When its request came, where its id says so."""


@dataclass(frozen=True)
class Limit:
    """One bound of a tenant's quota, and how much of it is used."""

    name: str
    """As the keys file has it."""
    unit: str
    """What is counted, in the words of a header."""
    most: int
    used: float
    ends: datetime | None = None
    """When a new day begins; None of what is used until it is given back."""

    @property
    def left(self) -> int:
        """How much is left; never less than nothing."""
        return max(0, int(self.most - self.used))

    @property
    def reached(self) -> bool:
        """Whether nothing is left."""
        return self.used >= self.most


class Desk(Protocol):
    """Holds requests. Raises what `laneway_gateway.errors` has."""

    def reserve(self, tenant: Tenant) -> Room:
        """Room for a request, before anything of its body is read. Whoever has it releases it."""
        ...

    async def take(self, asked: Asked, room: Room) -> Held:
        """Send the job, or join the one of an earlier try. The room is released when what is returned is left."""
        ...

    async def follow(self, tenant: Tenant, job_id: str) -> Held:
        """Hold, in room of its own, a job that was sent before; raises `UnknownJob` also for another tenant's."""
        ...

    async def standing(self, tenant: Tenant, job_id: str) -> Standing:
        """How a job stands; raises `UnknownJob` also for another tenant's."""
        ...

    async def cancel(self, tenant: Tenant, job_id: str) -> Standing:
        """Ask the workers to cancel it; what has a result keeps it."""
        ...

    async def forget(self, tenant: Tenant, job_id: str) -> None:
        """Tell nobody of it any more, and cancel it where it has no result; raises `UnknownJob` also for another
        tenant's.
        """
        ...

    def limits(self, tenant: Tenant) -> Sequence[Limit]:
        """What a tenant may use, and has used, by what is known here now."""
        ...

    async def waiting(self, lane: str) -> int | None:
        """About how many jobs wait in a lane; None where nobody knows."""
        ...
