"""An account to make a pool in: AWS itself, or an emulator; and what it refuses, in words."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from botocore.config import Config

from laneway.client.aws.session import ANYWHERE, session_with
from laneway.client.aws.words import RAISED, settings_of, words_of
from laneway.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

TRIES = 3


@dataclass(frozen=True)
class Account:
    """How to reach AWS, or an emulator, which has credentials of its own."""

    region: str = ANYWHERE
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None

    def client(self, service: Literal["s3", "sns", "sqs"]) -> Any:
        """A client of boto3, which finds AWS's credentials by its own chain. Raises what boto3 raises."""
        config = Config(
            retries={"mode": "standard", "total_max_attempts": TRIES},
            s3={"addressing_style": "path" if self.endpoint else "auto"},
            proxies={} if self.endpoint else None,  # a proxy from the environment is not for an emulator
        )
        return self._session.client(service, endpoint_url=self.endpoint, config=config)

    @cached_property
    def _session(self) -> boto3.Session:
        return session_with(self.access_key_id, self.secret_access_key, self.region)

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Raises `LocalError` for what is refused, or not answered."""
        try:
            yield
        except RAISED as error:
            where = self.endpoint or f"AWS in {self.region}"
            raise LocalError(f"{what} in {where}: {words_of(error, settings_of(os.environ))}") from None
