"""Reading what workers keep of failed jobs, and telling which of it still counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from laneway.client.compose import checked_id
from laneway.client.pacing import CONCURRENT_CALLS
from laneway.errors import LanewayError
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.job import InvalidJob
from laneway.schema.job.result import Result
from laneway.schema.shared.problems import problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from laneway.client.remote import Remote
    from laneway.schema.job.keys import Place

M = TypeVar("M", FailedJob, Result)

WINDOW = 32  # entries in memory at once while listing; each holds a body of up to 1 MiB
CLOCKS_DIFFER = timedelta(minutes=15)  # AWS refuses requests of a clock that is further off


class Unreadable(LanewayError):
    """What lies where a failed job or a result belongs is of a newer version, or something else."""

    def __init__(self, key: str, why: str) -> None:
        """The object's key."""
        super().__init__(f"{key} is not readable by this version: {why}; upgrade laneway, or look at it")
        self.key = key


@dataclass(frozen=True)
class Entry:
    """A failed job as it lies in the bucket."""

    job: FailedJob
    etag: str
    """The entry's own."""


@dataclass(frozen=True)
class StandingResult:
    """The result of a job, and what a retry has to name to replace it."""

    result: Result
    etag: str


@dataclass(frozen=True)
class Selection:
    """Which failed jobs are meant; everything that is not None has to be met."""

    code: str | None = None
    lane: str | None = None
    before: datetime | None = None
    after: datetime | None = None
    """When they failed."""

    def wants(self, job: FailedJob) -> bool:
        """Whether the job is meant."""
        return (
            self.code in (None, job.error.code)
            and self.lane in (None, job.lane)
            and (self.before is None or job.failed_at <= self.before)
            and (self.after is None or job.failed_at >= self.after)
        )

    def may_want(self, written: datetime) -> bool:
        """Whether to read an entry that was written at this time, which is just after its job failed."""
        return self.after is None or written >= self.after - CLOCKS_DIFFER


class FailedEntries:
    """A pool's `failed/`. Every method raises `PoolUnavailable`, and all that read `Unreadable`, `select` aside."""

    def __init__(self, remote: Remote, place: Place) -> None:
        """Nothing is read yet."""
        self._remote = remote
        self._place = place

    def select(
        self, selection: Selection, ids: Iterable[str] | None, unreadable: Callable[[Unreadable], None]
    ) -> Iterator[Entry]:
        """What is meant and counts, in the order of `ids`, or of S3 where all are looked through; `unreadable` is told
        of each that nobody can select.
        """
        names = self._names(selection) if ids is None else iter([checked_id(each) for each in ids])
        with ThreadPoolExecutor(CONCURRENT_CALLS) as threads:
            while window := tuple(islice(names, WINDOW)):
                for found in threads.map(self._look, window):
                    if isinstance(found, Unreadable):
                        unreadable(found)
                    elif found is not None and selection.wants(found.job):
                        yield found

    def _look(self, job_id: str) -> Entry | Unreadable | None:
        try:
            return self.standing(job_id)
        except Unreadable as error:
            return error

    def _names(self, selection: Selection) -> Iterator[str]:
        folder = self._place.failed_folder
        for key, written in self._remote.keys(folder):
            name = key.removeprefix(folder).removesuffix(".json")
            if _is_id(name) and key == self._place.failed(name) and selection.may_want(written):
                yield name

    def get(self, job_id: str) -> Entry | None:
        """The entry of a job, whether it counts or not."""
        found = self._read(job_id, self._place.failed(checked_id(job_id)), FailedJob)
        return found and Entry(*found)

    def standing(self, job_id: str) -> Entry | None:
        """The entry of a job, if the result that it tells of is the one that stands."""
        entry = self.get(job_id)
        if entry is None or entry.job.result_etag != self._remote.etag(self._place.result(job_id)):
            return None
        return entry

    def result(self, job_id: str) -> StandingResult | None:
        """The result that stands."""
        found = self._read(job_id, self._place.result(checked_id(job_id)), Result)
        return found and StandingResult(*found)

    def _read(self, job_id: str, key: str, model: type[M]) -> tuple[M, str] | None:
        """What an object holds, and its ETag. Whoever selects by what an entry says acts on the job that it names."""
        stored = self._remote.read(key)
        if stored is None:
            return None
        try:
            found = model.model_validate_json(stored.body)
        except ValidationError as error:
            raise Unreadable(key, problems(error)) from None
        if found.id != job_id:
            raise Unreadable(key, f"it is of {found.id}")
        return found, stored.etag

    def delete(self, entry: Entry) -> bool:
        """Delete exactly this entry; False where it has gone, or another one is there."""
        return self._remote.delete(self._place.failed(entry.job.id), entry.etag)


def _is_id(name: str) -> bool:
    try:
        return bool(checked_id(name))
    except InvalidJob:
        return False
