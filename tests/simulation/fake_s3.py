"""S3, from its API reference: strong consistency for each key, conditional writes, every version remembered."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

from simulation.history import Dropped, Put
from simulation.network import refusal

if TYPE_CHECKING:
    from random import Random

    from simulation.history import History
    from simulation.network import Reply, Wire
    from simulation.scheduler import Scheduler


class FakeS3:
    """The buckets."""

    def __init__(self, scheduler: Scheduler, random: Random, history: History, conflicts: float) -> None:
        """`conflicts`: how often a conditional PUT meets another one on its key."""
        self._scheduler = scheduler
        self._random = random
        self._history = history
        self.conflicts = conflicts
        self.refusing: set[str] = set()
        """Buckets that refuse writes."""
        self.objects: dict[tuple[str, str], tuple[bytes, str]] = {}

    def put(self, who: str, bucket: str, key: str, body: bytes, match: str | None, none_match: str | None) -> Reply:
        """PutObject; answers the ETag or raises what AWS would."""
        standing = self.objects.get((bucket, key))
        if bucket in self.refusing:
            return refusal("AccessDenied", 403, "PutObject")
        if (match or none_match) and self.conflicts and self._random.random() < self.conflicts:
            return refusal("ConditionalRequestConflict", 409, "PutObject")
        if none_match and standing is not None:
            return refusal("PreconditionFailed", 412, "PutObject")
        if match and standing is None:
            return refusal("NoSuchKey", 404, "PutObject")
        if match and standing is not None and standing[1] != match:
            return refusal("PreconditionFailed", 412, "PutObject")
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'  # S3: the ETag of a simple object
        self.objects[bucket, key] = (body, etag)
        before = standing[1] if standing else None
        self._history.add(self._scheduler.now, who, Put(bucket, key, etag, body, before, match or none_match))
        return {"ETag": etag}

    def get(self, bucket: str, key: str) -> Reply:
        """GetObject."""
        standing = self.objects.get((bucket, key))
        if standing is None:
            return refusal("NoSuchKey", 404, "GetObject")
        return {"Body": io.BytesIO(standing[0]), "ETag": standing[1], "Metadata": {}}

    def head(self, bucket: str, key: str) -> Reply:
        """HeadObject: without a body, and so without another code than the status."""
        standing = self.objects.get((bucket, key))
        return {"ETag": standing[1]} if standing else refusal("404", 404, "HeadObject")

    def delete(self, who: str, bucket: str, key: str, match: str | None) -> Reply:
        """DeleteObject."""
        standing = self.objects.get((bucket, key))
        if match and standing is not None and standing[1] != match:
            return refusal("PreconditionFailed", 412, "DeleteObject")
        if standing is not None:
            del self.objects[bucket, key]
            self._history.add(self._scheduler.now, who, Dropped(bucket, key))
        return {}


class S3Client:
    """boto3's S3 client of one process."""

    def __init__(self, s3: FakeS3, wire: Wire) -> None:
        self._s3 = s3
        self._wire = wire
        self._who = wire.process.name

    def put_object(self, **asked: Any) -> Any:
        bucket, key, body = asked["Bucket"], asked["Key"], asked["Body"]
        match, none_match = asked.get("IfMatch"), asked.get("IfNoneMatch")
        return self._wire.call("PutObject", key, lambda: self._s3.put(self._who, bucket, key, body, match, none_match))

    def get_object(self, **asked: Any) -> Any:
        return self._wire.call("GetObject", asked["Key"], lambda: self._s3.get(asked["Bucket"], asked["Key"]))

    def head_object(self, **asked: Any) -> Any:
        return self._wire.call("HeadObject", asked["Key"], lambda: self._s3.head(asked["Bucket"], asked["Key"]))
