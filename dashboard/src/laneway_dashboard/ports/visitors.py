"""Who asks, and what they may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Right(StrEnum):
    """What may be done with a pool."""

    LOOK = "look"
    """See how it stands, its jobs and what failed."""
    FAILED_JOBS = "failedjobs"
    """Retry and drop failed jobs."""
    PAUSE = "pause"
    """Pause and resume its lanes."""
    TEXTS = "texts"
    """Read what was asked and answered."""


class Rights(Protocol):
    """Somebody's."""

    @property
    def told(self) -> str:
        """What they are called; empty where each pool has its own."""

    def may(self, right: Right, pool: str) -> bool:
        """`pool` is `namespace/name`. Raises `Unavailable`."""


class Role(StrEnum):
    """The rights of whoever has a link, on every pool."""

    VIEWER = "viewer"
    """Looks."""
    OPERATOR = "operator"
    """Also retries, drops, pauses and resumes."""

    @property
    def told(self) -> str:
        """Its name."""
        return self.value

    def may(self, right: Right, pool: str) -> bool:
        """The same on each pool."""
        del pool
        return self is Role.OPERATOR or right in (Right.LOOK, Right.TEXTS)


@dataclass(frozen=True)
class Visitor:
    """Somebody who was let in."""

    name: str
    rights: Rights

    def may(self, right: Right, pool: str) -> bool:
        """Whether a page is shown, and a button heeded. Raises `Unavailable`."""
        return self.rights.may(right, pool)


@dataclass(frozen=True)
class Person:
    """Whom a token names, as the cluster says."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What an authenticator adds, and an authorizer may ask for."""


class WhoAsks(Protocol):
    """Knows people by their tokens."""

    def who(self, token: str) -> Person | None:
        """None where it is nobody's, or no longer. Raises `Unavailable`."""


class MayDo(Protocol):
    """Knows what people may."""

    def may(self, person: Person, right: Right, pool: str) -> bool:
        """`pool` is `namespace/name`. Raises `Unavailable`."""
