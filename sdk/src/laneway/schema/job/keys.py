"""Where the objects of a pool live in its bucket. Keys are built from validated ids only, never from other input."""

from __future__ import annotations

from typing import Literal

from laneway.schema.shared.base import Frozen
from laneway.schema.shared.names import POOL_DOCUMENT

Folder = Literal["results", "jobs", "cancels", "failed"]


class Place(Frozen):
    """A bucket and a prefix in it."""

    bucket: str
    """Bucket name."""
    prefix: str = ""
    """Key prefix: empty, or ending with a slash."""

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

    def output(self, job_id: str, content_hash: str) -> str:
        """A full result at a destination; the content hash keeps two attempts apart."""
        return f"{self.prefix}{job_id}.{content_hash}.json"

    def pool_document(self) -> str:
        """The document that clients read to connect."""
        return f"{self.prefix}{POOL_DOCUMENT}"

    def meets(self, other: Place) -> bool:
        """Whether one of the two lies in the other."""
        nested = self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)
        return self.bucket == other.bucket and nested

    def url(self, key: str) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{key}"
