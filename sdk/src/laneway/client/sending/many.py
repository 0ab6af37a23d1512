"""Many jobs: one that is refused holds up none of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from laneway.client.pacing import in_order
from laneway.errors import IdReused, LanewayError, PoolUnavailable
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from laneway.client.handles import JobHandle
    from laneway.client.sending.checked import CheckedJob

MOST_TOLD = 5

Input = TypeVar("Input")
Handle = TypeVar("Handle")


@dataclass(frozen=True)
class NotSent:
    """One of many jobs that was not sent."""

    index: int
    """Its place among all, from 0."""
    error: InvalidJob | IdReused | PoolUnavailable
    """Why. After a send that could not reach the pool no other is begun: those have the same error. A time-out may have
    come after the job was sent; sent again it has one result all the same.
    """

    def __str__(self) -> str:
        """For programmers, who count from 0."""
        return f"jobs[{self.index}]: {self.error}"


class NotAllSent(LanewayError):
    """Some of many jobs were not sent, or none was because some can't be."""

    def __init__(self, refused: Sequence[NotSent], handles: Sequence[JobHandle], total: int) -> None:
        """`handles` are of what was sent."""
        told = "; ".join(map(str, refused[:MOST_TOLD]))
        more = f"; and {len(refused) - MOST_TOLD} more" if len(refused) > MOST_TOLD else ""
        others = f"{len(handles)} were sent" if handles else "none was sent"
        super().__init__(f"{len(refused)} of {total} jobs can't be sent, {others}: {told}{more}")
        self.refused = list(refused)
        """What was not sent, in order."""
        self.handles = list(handles)
        """What was sent, in order."""


def refuse_twice(job_id: str, known: Container[str], first: str) -> None:
    """Raise `InvalidJob` for an id that is known already; `first` says where, in words that follow."""
    if job_id in known:
        raise InvalidJob(ErrorCode.INVALID_JOB, f"the id {job_id} stands twice{first}; give each job its own", job_id)


def check_all(jobs: Iterable[Input], check: Callable[[Input], CheckedJob]) -> list[CheckedJob]:
    """All of them, or none; raises `NotAllSent`, which tells every job that can't be sent."""
    checked: dict[str, CheckedJob] = {}
    refused: list[NotSent] = []
    total = 0
    for total, job in enumerate(jobs, 1):
        try:
            ready = check(job)
            refuse_twice(ready.id, checked, "")
            checked[ready.id] = ready
        except InvalidJob as error:
            refused.append(NotSent(total - 1, error))
    if refused:
        raise NotAllSent(refused, [], total)
    return list(checked.values())


def send_all(jobs: Iterable[CheckedJob], send: Callable[[CheckedJob], Handle]) -> Iterator[Handle | NotSent]:
    """What became of each, in order, several sent at once. None is begun once the pool could not be reached."""
    return in_order(enumerate(jobs), _outcome(send))


def send_in_turn(jobs: Iterable[CheckedJob], send: Callable[[CheckedJob], Handle]) -> Iterator[Handle | NotSent]:
    """The same, one after the other: they begin to wait in their order."""
    return map(_outcome(send), enumerate(jobs))


def _outcome(send: Callable[[CheckedJob], Handle]) -> Callable[[tuple[int, CheckedJob]], Handle | NotSent]:
    unreachable: list[PoolUnavailable] = []

    def act(numbered: tuple[int, CheckedJob]) -> Handle | NotSent:
        index, job = numbered
        if unreachable:
            return NotSent(index, unreachable[0])
        try:
            return send(job)
        except (InvalidJob, IdReused) as error:
            return NotSent(index, error)
        except PoolUnavailable as error:
            unreachable.append(error)
            return NotSent(index, error)

    return act
