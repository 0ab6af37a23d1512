"""The jobs of a file: checked, sent, and told by their lines."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from laneway.cli.output import Exit, fail, say

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from laneway.cli.files.lines import JobLine, JobLines
    from laneway.client.handles import JobHandle
    from laneway.client.pool import Pool
    from laneway.client.sending.many import NotSent

MOST_TOLD = 20  # lines: a terminal's half


@dataclass
class Sent:
    """What became of jobs."""

    handles: list[JobHandle] = field(default_factory=list)
    """Of those that were sent."""
    refused: int = 0
    """Not sent, and told."""
    unreachable: int = 0
    """Not sent, as the pool could not be reached."""

    @property
    def end(self) -> Exit:
        """How a command ends that only sends."""
        if self.unreachable:
            return Exit.UNAVAILABLE
        return Exit.USAGE if self.refused else Exit.OK

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The wait for them: a time-out does not hide that others were never sent."""
        try:
            yield
        except TimeoutError as error:
            if not self.unreachable:
                raise
            fail(str(error), Exit.UNAVAILABLE)


def job_lines(
    pool: Pool, text: str, name: str, *, lane: str, fields: Mapping[str, Any] | None = None, done: Container[str] = ()
) -> JobLines:
    """The jobs of a file called `name`; ends the command where one can't be sent, and tells all of those."""
    from laneway.cli.files.lines import BadLines, Reading, read_jobs  # noqa: PLC0415 - costs what `--help` should not pay

    try:
        return read_jobs(text, name, Reading(lane, fields or {}, done, lambda job: pool.check(job, lane=lane)))
    except BadLines as bad:
        for line in bad.lines[:MOST_TOLD]:
            say(f"laneway: {line}")
        untold = len(bad.lines) - MOST_TOLD
        fail(f"nothing was sent; {untold} more lines are wrong" if untold > 0 else "nothing was sent", Exit.USAGE)


def sent_lines(
    lines: Sequence[JobLine], outcomes: Iterable[JobHandle | NotSent], tell: Callable[[str], None] = lambda _: None
) -> Sent:
    """What became of lines: ids of what was sent are told at once, and what was refused by its line."""
    from laneway.client.sending.many import NotSent  # noqa: PLC0415 - as above
    from laneway.errors import PoolUnavailable  # noqa: PLC0415 - as above

    sent, lost = Sent(), None
    for line, outcome in zip(lines, outcomes, strict=True):
        if not isinstance(outcome, NotSent):
            sent.handles.append(outcome)
            tell(outcome.id)
        elif isinstance(outcome.error, PoolUnavailable):
            sent.unreachable, lost = sent.unreachable + 1, outcome.error
        else:
            sent.refused += 1
            say(f"laneway: {line.place}: {outcome.error}")
    if lost is not None:
        say(f"laneway: {lost}")
        say(f"laneway: {sent.unreachable} of {len(lines)} jobs were not sent; run it again to go on")
    return sent
