"""What must be true of a run, however it went. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from support.chaos.plan import answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from laneway.schema.job.result import Result
    from support.chaos.drains import Drained
    from support.chaos.plan import Planned
    from support.chaos.real import Real
    from support.chaos.world import Versions


@dataclass(frozen=True)
class Findings:
    """What lies in AWS at the end of a run, and what a subscriber was told."""

    jobs: Sequence[Planned]
    """Those that were accepted."""
    results: Mapping[str, Result]
    versions: Versions
    told: Mapping[tuple[str, str], int]
    """Notifications by job and ETag."""
    left: Mapping[str, int]
    """Messages by queue."""
    ended_alone: Sequence[str]
    """Workers that ended without being killed."""


def violations(found: Findings) -> list[str]:
    """Every promise that was broken, in words."""
    accepted = {job.id for job in found.jobs}
    written = found.versions.results
    return [
        *(f"{job} is lost: it has no result" for job in sorted(accepted - written.keys())),
        *(f"{job} has a result and was never sent" for job in sorted(written.keys() - accepted)),
        *once("the result of", written),
        *([f"{found.versions.deleted} objects were deleted"] if found.versions.deleted else []),
        *_each_is_right(found),
        *_failed_jobs(found),
        *_told(found),
        *stuck(found.left),
        *(f"{name} ended by itself" for name in found.ended_alone),
    ]


def once(what: str, versions: Mapping[str, int]) -> Iterator[str]:
    """Whatever was written more than once."""
    yield from (f"{what} {job} was written {times} times" for job, times in versions.items() if times != 1)


def stuck(left: Mapping[str, int]) -> Iterator[str]:
    """Whatever is left in a queue."""
    yield from (f"{count} messages are stuck in {queue}" for queue, count in left.items() if count)


def _each_is_right(found: Findings) -> Iterator[str]:
    for job in found.jobs:
        result = found.results.get(job.id)
        if result is None:
            continue
        if result.status != ("succeeded" if job.succeeds else "failed"):
            why = [each.code.value for each in result.failures] + [result.error.code.value if result.error else ""]
            yield f"{job.id} ({job.fate.value}) ended as {result.status}: {why}"
        elif job.succeeds and text_of(result) != "".join(answer(job.prompt)):
            yield f"{job.id} has the answer to something else"


def _failed_jobs(found: Findings) -> Iterator[str]:
    failed = {job for job, result in found.results.items() if result.status == "failed"}
    kept = found.versions.failed
    yield from (f"{job} failed and is not kept" for job in sorted(failed - kept.keys()))
    yield from (f"{job} did not fail and is kept as failed" for job in sorted(kept.keys() - failed))
    yield from once("the failed job", kept)


def _told(found: Findings) -> Iterator[str]:
    results_told = Counter(job for job, _ in found.told)
    yield from (f"nobody was told of {job}" for job in sorted(found.results.keys() - results_told.keys()))
    yield from (f"{count} results of {job} were told of" for job, count in results_told.items() if count > 1)


def text_of(result: Result) -> str | None:
    """The answer, to a prompt or in a chat."""
    return str(result.message["content"]) if result.message else result.text


def drain_violations(drained: Drained) -> list[str]:
    """Drains lose nothing and let no work be done twice."""
    return [
        *(f"a drained worker ended with {code}" for code in drained.exit_codes if code),
        *([f"{drained.messages - drained.results} jobs have no result"] if drained.messages != drained.results else []),
        *(f"{job} was begun more than once" for job in drained.begun_twice),
    ]


def real_violations(real: Real) -> list[str]:
    """Each job of a round with the real Ollama has its own answer, whole, or was hit by a kill twice in succession."""
    return [
        *once("the result of", real.versions),
        *(f"nobody was told of {job}" for job in sorted(real.results.keys() - real.told)),
        *stuck(real.left),
        *(f"{job} is lost: it has no result" for job in sorted(real.jobs.keys() - real.results.keys())),
        *(_real(job, real) for job in sorted(real.results) if not _right(job, real)),
    ]


def _real(job: str, real: Real) -> str:
    return f"{job} ended as {real.results[job].status} with {real.results[job].text!r}"


def _right(job: str, real: Real) -> bool:
    result, numbers = real.results[job], real.jobs[job]
    if result.error is not None and result.error.code is ErrorCode.ENGINE_CRASHED:
        return True
    whole = result.usage is not None and result.usage.completion_tokens == real.tokens
    return whole and (result.text or "").lstrip().startswith(numbers)
