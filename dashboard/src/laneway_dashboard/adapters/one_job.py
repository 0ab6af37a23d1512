"""One job, by the client."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.client.failed_entries import FailedEntries
from laneway.client.results import read_result
from laneway.errors import LanewayError, UnknownJob
from laneway.schema.job.job import InvalidJob
from laneway.schema.job.result import NO_OUTPUT
from laneway_dashboard.adapters.reached import in_words
from laneway_dashboard.ports.job import JobSeen, Texts
from laneway_dashboard.shell.remembered import Remembered

if TYPE_CHECKING:
    from laneway.client.line.line import Run
    from laneway.schema.job.result import Result
    from laneway_dashboard.adapters.reached import Reached

FRESH = timedelta(seconds=5)
MOST_TEXT = 200_000  # characters that a page shows
CUT = "\n… the rest is in S3"


class ClientOneJob:
    """A pool's jobs."""

    def __init__(self, reached: Reached) -> None:
        """Nothing is read yet."""
        self._reached = reached
        self._standing: Remembered[str, JobSeen | None] = Remembered(reached.clock, FRESH)

    def get(self, job_id: str) -> JobSeen | None:
        """Its result, or how it stands before there is one."""
        key = self._reached.place.result(job_id)
        with in_words():
            stored = self._reached.remote.read(key)
            if stored is None:
                return self._standing.get(job_id, lambda: self._without_result(job_id))
            result = read_result(job_id, stored.body)
        return JobSeen(
            job_id,
            result.status,
            result.lane,
            result=result.model_copy(update=NO_OUTPUT),
            result_url=self._reached.place.result_url(job_id),
            etag=stored.etag,
            is_kept=result.status == "failed" and self._is_kept(job_id),
        )

    def _without_result(self, job_id: str) -> JobSeen | None:
        try:
            found = self._reached.pool().status(job_id)
        except (InvalidJob, UnknownJob):
            return None
        run = None if found.lane is None else self._run(job_id, found.lane)
        if run is None:
            return JobSeen(job_id, found.state.replace("_", " "), found.lane, found.waiting)
        worker, job = run.worker.worker, run.job
        return JobSeen(job_id, "running", found.lane, worker=worker, since=job.since, attempt=job.attempt)

    def _run(self, job_id: str, lane: str) -> Run | None:
        try:
            return self._reached.pool().worker_of(job_id, lane)
        except LanewayError:
            return None  # who may not see workers sees the rest

    def _is_kept(self, job_id: str) -> bool:
        try:
            return FailedEntries(self._reached.remote, self._reached.place).standing(job_id) is not None
        except LanewayError:
            return False  # its buttons aren't shown, and the page is

    def texts(self, job_id: str) -> Texts:
        """Its stored body, and its answer wherever that is."""
        with in_words():
            body = self._reached.remote.get(self._reached.place.job(job_id))
            result = self._reached.pool().find(job_id)
        request = None if body is None else _bounded(body.decode(errors="replace"))
        if result is None:
            return Texts(request, None)
        return Texts(request, answer_of(result), None if result.thinking is None else _bounded(result.thinking))


def answer_of(result: Result) -> str | None:
    """What people read of it."""
    if result.text is not None:
        return _bounded(result.text)
    if result.message is not None:
        return _bounded(json.dumps(result.message, ensure_ascii=False, indent=2))
    if result.embeddings is not None:
        return f"{len(result.embeddings)} vectors of {len(result.embeddings[0]) if result.embeddings else 0} numbers"
    return None


def _bounded(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + CUT
