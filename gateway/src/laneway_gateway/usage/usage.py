"""Quotas of one gateway's tenants: its own ledger, and the objects by which gateways tell one another."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from laneway.schema.shared.base import read_or_none
from laneway_gateway.errors import PoolUnreachable, QuotaExceeded
from laneway_gateway.usage.documents import UsageDocument
from laneway_gateway.usage.ledger import Ledger
from laneway_gateway.usage.limits import limits_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from laneway.schema.job.keys import Place
    from laneway.schema.job.result import Result
    from laneway.schema.pool.documents.keys_file import Quota
    from laneway_gateway.desk import Limit, Tenant
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.store import Store

    Quotas = Callable[[], Mapping[str, Quota]]

RHYTHM_SECONDS = 10.0
RENEWED = timedelta(minutes=1)
log = logging.getLogger(__name__)


class Slot:
    """A job that may be sent, or why it may not. Whoever has one enters it: at its end it is nobody's, unless sent."""

    def __init__(self, ledger: Ledger, job_id: str, refused: QuotaExceeded | None) -> None:
        """The ledger has it already, where it counts."""
        self.refused = refused
        self._ledger = ledger
        self._job_id = job_id
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept:
            self.release()

    def check(self) -> None:
        """Raise why no job may be sent."""
        if self.refused is not None:
            raise self.refused

    def keep(self, job_id: str) -> None:
        """It is being sent, under this id."""
        self._ledger.rename(self._job_id, job_id)
        self._job_id, self._kept = job_id, True

    def release(self) -> None:
        """It was not sent."""
        self._ledger.drop(self._job_id)


class Usage:
    """What tenants have used. `run` has to run beside it."""

    def __init__(self, store: Store, place: Place, clock: Clock, gateway: str, quotas: Quotas) -> None:
        """`gateway` is this one's id, `quotas` are those of now, by tenant."""
        self._store = store
        self._place = place
        self._clock = clock
        self._gateway = gateway
        self._quotas = quotas
        self._ledger = Ledger()
        self._told = UsageDocument(day=clock.now().date(), renewed_at=clock.now(), tenants={})
        self._etags: dict[str, str] = {}
        self._exchanged: float | None = None
        self._reached = True
        self.known: tuple[tuple[str, Limit], ...] = ()
        """Tenants and their bounds, of some seconds ago: to be read by any thread."""

    @property
    def open(self) -> list[str]:
        """The ids of jobs that have no result yet."""
        return self._ledger.open

    @property
    def silence(self) -> float:
        """Seconds since what others have used was last known; 0 where nobody has a quota."""
        return 0.0 if self._exchanged is None else self._clock.monotonic() - self._exchanged

    def slot(self, tenant: Tenant, job_id: str) -> Slot:
        """Room for a job of a tenant's. Raises `TooManyHeld`."""
        if tenant.quota is None:
            return Slot(self._ledger, job_id, None)
        try:
            self._ledger.admit(tenant.name, tenant.quota, job_id, self._clock.now())
        except QuotaExceeded as refused:
            return Slot(self._ledger, job_id, refused)
        return Slot(self._ledger, job_id, None)

    def settle(self, result: Result) -> None:
        """A result was read; what it used counts once, for whoever had the job sent here. One without an answer says
        nothing of tokens, and of accelerators only for how long its last attempt ran.
        """
        tokens = 0 if result.usage is None else result.usage.prompt_tokens + result.usage.completion_tokens
        seconds = result.timing.run_seconds if result.cost is None else result.cost.gpu_seconds
        self._ledger.settle(result.id, tokens, seconds, self._clock.now())

    def give_up(self, job_id: str) -> None:
        """Nobody can read its result."""
        self._ledger.drop(job_id)

    def limits(self, tenant: Tenant) -> tuple[Limit, ...]:
        """A tenant's bounds, as they stand now."""
        return () if tenant.quota is None else self._limits(tenant.name, tenant.quota)

    def _limits(self, tenant: str, quota: Quota) -> tuple[Limit, ...]:
        now = self._clock.now()
        return limits_of(quota, self._ledger.used(tenant, now), now)

    async def run(self) -> None:
        """Exchange, until cancelled."""
        while True:
            await self.exchange()
            await self._clock.sleep(RHYTHM_SECONDS)

    async def exchange(self) -> None:
        """Tell what was used here, and hear what was used elsewhere. Where the bucket can't be reached, or refuses,
        what is known counts: each gateway bounds what it sends itself.
        """
        quotas = self._quotas()
        if quotas or self._ledger.open:
            done = [await self._tried(act) for act in (self.tell, self._hear)]
            self._reached = all(done)
            if self._reached or self._exchanged is None:
                self._exchanged = self._clock.monotonic()
            self._ledger.forget(self._clock.now())
        else:
            self._exchanged = None
        self.known = tuple((name, each) for name, quota in quotas.items() for each in self._limits(name, quota))

    async def _tried(self, act: Callable[[], Awaitable[None]]) -> bool:
        try:
            await act()
        except PoolUnreachable as error:
            if self._reached:
                log.warning("quotas: what other gateways' tenants use is not known: %s", error)
            return False
        return True

    async def tell(self) -> None:
        """Write what was used here, where that has changed; raises `PoolUnreachable`."""
        told = self._ledger.document(self._clock.now())
        if not self._is_news(told):
            return
        await self._write(self._place.usage(told.day, self._gateway), told.model_dump_json().encode())
        self._told = told

    def _is_news(self, told: UsageDocument) -> bool:
        """What is in flight has to be told again and again: who tells it no more is taken for gone."""
        before = self._told
        if told.tenants != before.tenants or (told.tenants and told.day != before.day):
            return True
        in_flight = any(each.jobs_in_flight for each in told.tenants.values())
        return in_flight and told.renewed_at - before.renewed_at >= RENEWED

    async def _write(self, key: str, body: bytes) -> None:
        """Nobody else writes it: what is there unknown is our own, whose answer was lost."""
        etag = self._etags.get(key)
        written = await self._put(key, body, etag)
        if written is None:
            there = await self._store.read(key)
            written = await self._put(key, body, there.etag if there else None)
        if written is not None:
            self._etags[key] = written

    async def _put(self, key: str, body: bytes, etag: str | None) -> str | None:
        if etag is None:
            return await self._store.put_new(key, body)
        return await self._store.replace(key, body, etag)

    async def _hear(self) -> None:
        """One listing says who has written anew."""
        folder = self._place.usages(self._clock.now().date())
        found = await self._store.etags(folder)
        own = f"{folder}{self._gateway}.json"
        for key, etag in found.items():
            if key != own and self._etags.get(key) != etag and (stored := await self._store.read(key)) is not None:
                told = read_or_none(UsageDocument, stored.body)
                if told is not None:
                    self._ledger.hear(key.removeprefix(folder).removesuffix(".json"), told)
                self._etags[key] = stored.etag
        self._etags = {key: etag for key, etag in self._etags.items() if key in found or key == own}
