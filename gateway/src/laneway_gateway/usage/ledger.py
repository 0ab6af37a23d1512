"""What tenants with a quota have used: here to the last job, elsewhere as far as told. Pure: nothing here waits.

Jobs in flight are a set of ids and no counter: to take one away twice, or for two reasons, changes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from laneway_gateway.errors import TooManyHeld
from laneway_gateway.usage.documents import UsageDocument, Used
from laneway_gateway.usage.limits import refusal

if TYPE_CHECKING:
    from laneway.schema.pool.documents.keys_file import Quota

MOST_OPEN, MOST_OPEN_OF_A_KEY = 50_000, 10_000  # jobs; some 300 bytes each
STALE = timedelta(minutes=3)  # what is in flight is told anew each minute: who has missed three is gone
LOST = timedelta(days=14)  # SQS keeps no message longer: a job without a result has none any more
NOTHING = Used()


@dataclass(frozen=True)
class Open:
    """A job that was sent here and has no result yet."""

    tenant: str
    since: datetime


class Ledger:
    """What one gateway knows."""

    def __init__(self) -> None:
        """Nothing was used."""
        self._day = date.min
        self._open: dict[str, Open] = {}
        self._in_flight: Counter[str] = Counter()
        self._spent: dict[str, Used] = {}
        self._others: dict[str, UsageDocument] = {}

    @property
    def open(self) -> list[str]:
        """The ids of jobs without a result, the oldest first."""
        return list(self._open)

    def used(self, tenant: str, now: datetime) -> Used:
        """What a tenant has used, at all gateways."""
        day = self._turn(now)
        found = self._own(tenant)
        for each in tuple(self._others.values()):
            told = each.tenants.get(tenant, NOTHING)
            jobs = told.jobs_in_flight if now - each.renewed_at < STALE else 0
            of_day = told if each.day == day else NOTHING
            found += of_day.model_copy(update={"jobs_in_flight": jobs})
        return found

    def admit(self, tenant: str, quota: Quota, job_id: str, now: datetime) -> None:
        """A job more, which is in flight from now on; raises `QuotaExceeded` and `TooManyHeld`, and changes nothing
        then.
        """
        refused = refusal(tenant, quota, self.used(tenant, now), now)
        if refused is not None:
            raise refused
        if len(self._open) >= MOST_OPEN or self._in_flight[tenant] >= MOST_OPEN_OF_A_KEY:
            raise TooManyHeld(f"this gateway follows as many jobs of the key {tenant} as it may: wait for some to end")
        self._open[job_id] = Open(tenant, now)
        self._in_flight[tenant] += 1

    def rename(self, job_id: str, other: str) -> None:
        """The job goes by an id that an earlier try has; it may be in flight already."""
        found = self._open.get(job_id)
        if found is None or job_id == other:
            return
        self.drop(job_id)
        if other not in self._open:
            self._open[other] = found
            self._in_flight[found.tenant] += 1

    def drop(self, job_id: str) -> str | None:
        """It is in flight no longer; whose it was, None of one that was not."""
        found = self._open.pop(job_id, None)
        if found is None:
            return None
        self._in_flight[found.tenant] -= 1
        if not self._in_flight[found.tenant]:
            del self._in_flight[found.tenant]
        return found.tenant

    def settle(self, job_id: str, tokens: int, gpu_seconds: float, now: datetime) -> None:
        """It has a result, which used so much. A job of other gateways', and one that is settled, counts nothing."""
        self._turn(now)
        tenant = self.drop(job_id)
        if tenant is not None:
            before = self._spent.get(tenant, NOTHING)
            self._spent[tenant] = before + Used(tokens=tokens, gpu_seconds=gpu_seconds)

    def document(self, now: datetime) -> UsageDocument:
        """What the others are told."""
        day = self._turn(now)
        tenants = sorted({*self._spent, *self._in_flight})
        return UsageDocument(day=day, renewed_at=now, tenants={each: self._own(each) for each in tenants})

    def hear(self, gateway: str, told: UsageDocument) -> None:
        """What another gateway tells, in the place of what it told before."""
        self._others[gateway] = told

    def forget(self, now: datetime) -> None:
        """What counts for nothing any more: other gateways' days, and jobs that never had a result."""
        day = self._turn(now)
        fresh = {name: told for name, told in self._others.items() if told.day == day or now - told.renewed_at < STALE}
        self._others = fresh
        for job_id in [each for each, found in self._open.items() if now - found.since > LOST]:
            self.drop(job_id)

    def _own(self, tenant: str) -> Used:
        spent = self._spent.get(tenant, NOTHING)
        return spent.model_copy(update={"jobs_in_flight": self._in_flight[tenant]})

    def _turn(self, now: datetime) -> date:
        """Today. A clock that is set back begins no day anew."""
        day = max(now.astimezone(UTC).date(), self._day)
        if day != self._day:
            self._day, self._spent = day, {}
        return day
