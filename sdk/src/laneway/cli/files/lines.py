"""A file of jobs, one a line: all of it is read and checked before anything is sent, and all that is wrong is told."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from laneway.cli.files.text import ONE_LIST
from laneway.client.compose import merged
from laneway.client.sending.many import refuse_twice
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob, parse_job

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from laneway.client.sending.checked import CheckedJob

MARK = "\ufeff"
ID_CHARACTERS = 24
MANY_LINES = "has a job that goes over several lines: write each on one, by jq -c . for example"
OTHERS_LINE = (
    "a line of OpenAI's Batch API: a job is the line itself, with an id, by "
    "jq -c '{id: .custom_id, messages: .body.messages}' for example; max_tokens is options.num_predict here"
)
COMMA = "the line ends with a comma: remove it, each line is a JSON document of its own"


class BadLines(Exception):
    """All that is wrong with a file of jobs; `lines` are for people, in the file's order."""

    def __init__(self, lines: list[str]) -> None:
        """At least one."""
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class JobLine:
    """A job that is to be sent."""

    place: str
    """`jobs.jsonl:3`."""
    job: CheckedJob


@dataclass(frozen=True)
class JobLines:
    """The jobs of a file, in its order."""

    todo: list[JobLine] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """Ids of those that are done already."""


@dataclass(frozen=True)
class Reading:
    """How lines become jobs."""

    lane: str
    fields: Mapping[str, Any]
    """What the command line adds to each."""
    done: Container[str]
    """Ids of jobs that are not to be sent."""
    check: Callable[[dict[str, Any]], CheckedJob]
    """Raises `InvalidJob`."""


def read_jobs(text: str, name: str, reading: Reading) -> JobLines:
    """The jobs of a file called `name`; raises `BadLines`. A line without an id gets one from content, lane and place
    among equals: the same whenever the file is read again.
    """
    if (wrong := _no_lines(text)) is not None:
        raise BadLines([f"{name} {wrong}"])
    found = JobLines()
    bad: list[str] = []
    places: dict[str, str] = {}
    equals: Counter[str] = Counter()
    for place, line in _lines(text, name):
        try:
            job = _with_id(merged(_document(line), reading.fields), reading.lane, equals)
            refuse_twice(job["id"], places, f", first in {places.get(job['id'])}")
            places[job["id"]] = place
            _add(job, place, found, reading)
        except InvalidJob as error:
            bad.append(f"{place}: {error}")
            places.setdefault(error.job_id or "", place)
    if bad:
        raise BadLines(bad)
    return found


def _add(job: dict[str, Any], place: str, found: JobLines, reading: Reading) -> None:
    if job["id"] in reading.done:
        found.done.append(job["id"])
    else:
        found.todo.append(JobLine(place, reading.check(job)))


def _lines(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Blank lines hold no job; files that were put together may have marks in the middle."""
    for number, line in enumerate(text.split("\n"), 1):
        if bare := line.removeprefix(MARK).strip():
            yield f"{name}:{number}", bare


def _no_lines(text: str) -> str | None:
    """What a file is that is not one job a line, with the way out."""
    text = text.strip()
    if not text:
        return "holds no jobs: write one a line"
    first = text.partition("\n")[0].strip()
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return ONE_LIST if first == "[" else None
    if isinstance(value, list) and end == len(text):
        return ONE_LIST
    return MANY_LINES if "\n" in text[:end] else None


def _document(line: str) -> dict[str, Any]:
    """The document of one line; raises `InvalidJob`."""
    if line.endswith("},"):
        raise InvalidJob(ErrorCode.INVALID_JOB, COMMA)
    try:
        parse_job(line.encode())
    except InvalidJob as error:
        words = OTHERS_LINE if _is_openais(line) else _of_one_line(str(error))
        raise InvalidJob(error.code, words, error.job_id) from None
    return dict(json.loads(line))


def _is_openais(line: str) -> bool:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"custom_id", "body"} <= document.keys()


def _of_one_line(words: str) -> str:
    """A line's number would be taken for that of the file."""
    return words.removeprefix("the body is not usable: ").replace(" at line 1 column ", " at character ")


def _with_id(job: dict[str, Any], lane: str, equals: Counter[str]) -> dict[str, Any]:
    if job.get("id") is not None:
        return job
    job.pop("id", None)
    digest = hashlib.sha256(json.dumps([lane, job], sort_keys=True).encode()).hexdigest()[:ID_CHARACTERS]
    equals[digest] += 1
    return {**job, "id": f"{digest}-{equals[digest]}"}
