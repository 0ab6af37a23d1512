"""Objects on S3, written once or in the place of exactly one; and documents that may be replaced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class Stored:
    """An object."""

    body: bytes
    etag: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Its writer's own words about it."""


class ObjectStore(Protocol):
    """S3. Every method raises `Unavailable` where the store can't be reached, refuses service or asks to try again."""

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        """Write an object that must not exist, and return its ETag; raises `AlreadyThereError`."""

    def replace(self, bucket: str, key: str, body: bytes, etag: str) -> str:
        """Write an object in the place of exactly this one, and return the new ETag; raises `AlreadyThereError` where
        another one is there, `AbsentError` where none is.
        """

    def get(self, bucket: str, key: str, most_bytes: int) -> Stored | None:
        """Read an object whole, or None; raises `TooLargeError`: nobody may fill our memory through the bucket."""

    def etag(self, bucket: str, key: str) -> str | None:
        """An object's ETag, or None where there is nothing."""


class DocumentStore(Protocol):
    """S3, for documents that may be replaced. Every method raises `Unavailable`."""

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        """Write an object that must not exist; raises `AlreadyThereError`."""

    def get(self, bucket: str, key: str, most_bytes: int) -> Stored | None:
        """Read an object whole, or None; raises `TooLargeError`."""

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, whatever is there."""


class ReportStore(DocumentStore, Protocol):
    """S3, for what workers say of themselves and of their lane. Every method raises `Unavailable`."""

    def replace(self, bucket: str, key: str, body: bytes, etag: str) -> str:
        """Write an object in the place of exactly this one; raises `AlreadyThereError` and `AbsentError`."""

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object, whatever it is; one that is not there is no error."""

    def listed(self, bucket: str, prefix: str, most: int) -> dict[str, datetime]:
        """The first keys under a prefix, and when each was written by the store's clock."""
