"""Where the objects of a pool live in its bucket. Keys are built from validated ids only, never from other input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from laneway.schema.shared.base import Frozen
from laneway.schema.shared.names import POOL_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

Folder = Literal["results", "jobs", "cancels", "failed", "owners", "joins", "gateways"]


class Place(Frozen):
    """A bucket and a prefix in it."""

    bucket: str
    """Bucket name."""
    prefix: str = ""
    """Key prefix: empty, or ending with a slash."""

    def around(self) -> Iterator[Place]:
        """The places that this one lies within, the whole bucket first."""
        parts = self.prefix.split("/")[:-1]
        for each in range(len(parts)):
            yield Place(bucket=self.bucket, prefix="".join(f"{part}/" for part in parts[:each]))

    def _key(self, folder: Folder, job_id: str) -> str:
        return f"{self.prefix}{folder}/{job_id}.json"

    def result(self, job_id: str) -> str:
        """The commit record: the one object that makes a job's result visible."""
        return self._key("results", job_id)

    def job(self, job_id: str) -> str:
        """The job's body, stored by the client before the message is sent."""
        return self._key("jobs", job_id)

    def cancel(self, job_id: str) -> str:
        """The mark that asks workers to cancel the job."""
        return self._key("cancels", job_id)

    def failed(self, job_id: str) -> str:
        """What is kept of a job that ended in failure."""
        return self._key("failed", job_id)

    @property
    def failed_folder(self) -> str:
        """The prefix of all failed jobs."""
        return f"{self.prefix}failed/"

    def gateway(self, gateway: str) -> str:
        """A gateway's registration."""
        return self._key("gateways", gateway)

    def owner(self, job_id: str) -> str:
        """Whose job it is, of those that gateways send; none but they write there."""
        return self._key("owners", job_id)

    def join(self, request: str) -> str:
        """The job that was made of an earlier try of a request, by a name that only gateways can reckon."""
        return self._key("joins", request)

    def waiters(self, job_id: str) -> str:
        """The prefix of the marks of gateways that wait for another gateway's job."""
        return f"{self.prefix}waiters/{job_id}/"

    def waiter(self, job_id: str, gateway: str) -> str:
        """The mark of one of them."""
        return f"{self.waiters(job_id)}{gateway}.json"

    def usages(self, day: date) -> str:
        """The prefix of what gateways' tenants have used on a day of UTC."""
        return f"{self.prefix}usage/{day.isoformat()}/"

    def usage(self, day: date, gateway: str) -> str:
        """What the tenants of one gateway have."""
        return f"{self.usages(day)}{gateway}.json"

    def gateway_settings(self) -> str:
        """What the gateways of a pool share, a secret among it."""
        return f"{self.prefix}gateway.json"

    def output(self, job_id: str, content_hash: str) -> str:
        """A full result at a destination; the content hash keeps two attempts apart."""
        return f"{self.prefix}{job_id}.{content_hash}.json"

    def pool_document(self) -> str:
        """The document that clients read to connect."""
        return f"{self.prefix}{POOL_DOCUMENT}"

    def model_facts(self, lane: str) -> str:
        """What a worker of a lane has found out about its model."""
        return f"{self.prefix}models/{lane}.json"

    def worker_report(self, lane: str, worker: str) -> str:
        """What a worker says of itself."""
        return f"{self.worker_reports(lane)}{worker}.json"

    def worker_reports(self, lane: str) -> str:
        """The prefix of what the workers of a lane say of themselves."""
        return f"{self.prefix}workers/{lane}/"

    def lane_estimate(self, lane: str) -> str:
        """What senders may know of a lane."""
        return f"{self.prefix}estimates/{lane}.json"

    def meets(self, other: Place) -> bool:
        """Whether one of the two lies in the other."""
        nested = self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)
        return self.bucket == other.bucket and nested

    def url(self, key: str) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{key}"

    def result_url(self, job_id: str) -> str:
        """That of the commit record."""
        return self.url(self.result(job_id))
