"""Failed jobs, by the client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from laneway.client.failed_entries import FailedEntries, Unreadable
from laneway.client.failed_jobs import FailedJobRefused
from laneway.schema.job.job import InvalidJob
from laneway_dashboard.adapters.reached import in_words
from laneway_dashboard.errors import Refused
from laneway_dashboard.ports.failed import Done, FailedList, FailedSeen
from laneway_dashboard.shell.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from laneway.client.failed_entries import Entry
    from laneway_dashboard.adapters.reached import Reached
    from laneway_dashboard.ports.failed import Verb

MOST_LISTED = 10_000  # keys: ten pages of S3's
MOST_READ = 1000  # entries, the newest ones: each is two requests when it is first seen
AT_ONCE = 8
FRESH = timedelta(seconds=5)
SETTLED = timedelta(seconds=5)
"""S3 tells whole seconds: what is younger may be written again within the one that it tells."""

Known = FailedSeen | str | None
"""A failed job, why it can't be read, or None where it no longer counts."""


class ClientFailedJobs:
    """Reads each entry once: it is known by its key and its time of writing from then on."""

    def __init__(self, reached: Reached) -> None:
        """Nothing is read yet."""
        self._reached = reached
        self._entries = FailedEntries(reached.remote, reached.place)
        self._known: dict[tuple[str, datetime], Known] = {}
        self._listed: Remembered[None, FailedList] = Remembered(reached.clock, FRESH)

    def list(self) -> FailedList:
        """The same for everybody who asks within seconds."""
        return self._listed.get(None, self._list)

    def _list(self) -> FailedList:
        with in_words():
            keys = tuple(self._keys())
            newest = sorted(keys, key=lambda each: each[1], reverse=True)[:MOST_READ]
            with ThreadPoolExecutor(AT_ONCE) as threads:
                found = tuple(threads.map(lambda each: self._look(*each), newest))
            young = self._reached.now - SETTLED
            self._known = {key: each for key, each in zip(newest, found, strict=True) if key[1] < young}
        jobs = sorted(
            (each for each in found if isinstance(each, FailedSeen)), key=lambda each: each.failed_at, reverse=True
        )
        unreadable = tuple(each for each in found if isinstance(each, str))
        return FailedList(tuple(jobs), len(keys) <= MOST_READ, unreadable, which(len(keys)))

    def _keys(self) -> Iterator[tuple[str, datetime]]:
        folder = self._reached.place.failed_folder
        pairs = islice(self._reached.remote.keys(folder), MOST_LISTED + 1)
        return ((key.removeprefix(folder).removesuffix(".json"), written) for key, written in pairs)

    def _look(self, name: str, written: datetime) -> Known:
        if (name, written) in self._known:
            return self._known[name, written]
        try:
            entry = self._entries.standing(name)
        except (InvalidJob, Unreadable) as error:
            return str(error)
        return None if entry is None else _seen(entry)

    def act(self, verb: Verb, job_id: str, etag: str) -> Done:
        """By the client, which refuses what is another failure by now."""
        self._listed.forget()
        with in_words():
            failed = self._reached.pool().failed
            try:
                if verb == "drop":
                    failed.drop(job_id, etag=etag)
                    return Done()
                return Done(other_body=failed.retry(job_id, etag=etag).stored)
            except (FailedJobRefused, InvalidJob, Unreadable) as error:
                raise Refused(str(error)) from error


def which(count: int) -> str:
    """Which ones are read of so many, counted up to one more than are listed. S3 lists by id and not by time."""
    if count <= MOST_READ:
        return ""
    if count <= MOST_LISTED:
        return f"These are the newest {MOST_READ:,} of {count:,}: older ones show once these are retried or dropped."
    return (
        f"There are more than {MOST_LISTED:,}: these are the newest {MOST_READ:,} of the {MOST_LISTED:,} whose ids "
        "come first. Others show once these are retried or dropped; `laneway failed` reaches all."
    )


def _seen(entry: Entry) -> FailedSeen:
    job = entry.job
    attempts = job.failures[-1].attempt if job.failures else 1
    return FailedSeen(
        id=job.id,
        etag=job.result_etag,
        lane=job.lane,
        code=job.error.code.value,
        message=job.error.message,
        failed_at=job.failed_at,
        submitted_at=job.submitted_at,
        attempts=attempts,
    )
