"""Actions over many failed jobs, and where they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from pydantic import AwareDatetime, Field, StringConstraints

from laneway.schema.shared.base import Frozen, JobId
from laneway_dashboard.ports.failed import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

ActionState = Literal["proposed", "running", "held", "aborted", "ended"]
"""`held`: something kept it from going on, and a person may take it up again."""
ActionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,43}$")]
MAX_TARGETS = 10_000


class Target(Frozen):
    """One failed job, as it was seen."""

    id: JobId
    """The job."""
    etag: Annotated[str, StringConstraints(max_length=128)]
    """Of its failed result: a later failure is not meant."""


class Plan(Frozen):
    """What is to be done; never changed."""

    id: ActionId
    """Random: whoever sends a form twice has one action."""
    pool: str
    """`namespace/name`."""
    verb: Verb
    """What is done."""
    filter: str
    """Which jobs were asked for, in words."""
    who: str
    """Who asked."""
    at: AwareDatetime
    """When."""
    targets: Annotated[tuple[Target, ...], Field(max_length=MAX_TARGETS)]
    """The jobs that were there then."""


class Remark(Frozen):
    """What is to be known of one job."""

    id: JobId
    """The job."""
    text: Annotated[str, StringConstraints(max_length=1000)]
    """Why it was refused, or what else was sent."""


class Progress(Frozen):
    """How far it is."""

    state: ActionState = "proposed"
    """Of the whole."""
    position: Annotated[int, Field(ge=0)] = 0
    """How many of the targets are behind it."""
    refused: tuple[Remark, ...] = ()
    """Those that were not done, and why."""
    remarks: tuple[Remark, ...] = ()
    """Of those that were done."""
    why: str | None = None
    """Why it is held."""


class ActionStore(Protocol):
    """Keeps actions that were begun; nobody but the dashboard writes there."""

    def load(self) -> Sequence[tuple[Plan, Progress]]:
        """All of them, in no order."""

    def begin(self, plan: Plan) -> None:
        """Keep it."""

    def save(self, action_id: str, progress: Progress) -> None:
        """How far it is."""
