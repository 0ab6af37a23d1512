"""Reading Ollama's answers: the records of a stream, and its errors as kinds of trouble. Pure but for the clock."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import EngineCounters
from laneway_worker.adapters.ollama.words import name_of
from laneway_worker.errors import EngineCrashed, EngineFailed, JobError, Unavailable
from laneway_worker.ports.runtime import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from laneway.schema.job.result import FinishReason
    from laneway_worker.ports.clock import Clock
    from laneway_worker.request.request import Path

CRASHES = (
    "unexpected eof",
    "has unexpectedly stopped",
    "runner process",
    "connection refused",
    "no longer running",
    "connection reset",
    "model failed to load",
    "process has terminated",
    "cuda error",
    "rocm error",
)
DEAD_SERVER = re.compile(r"llama-server (?:process|startup|reported)|(?:reading|starting|waiting for) llama-server")
"""What hits whoever is on the engine, so that nobody is charged at first. Words only help: what they miss is asked."""
TOO_LONG = ("context length", "context size", "too long", "exceeds")
UNSUPPORTED = ("does not support", "not supported")
UNREADABLE = ("failed to process inputs", "image: unknown format", "invalid image")
"""Of an image that begins well and then breaks: its "unexpected EOF" is no crash."""
BAD_FORMAT = (
    "invalid json schema",
    "invalid format",
    "failed to load model vocabulary required for format",
    "schema conversion failed",
)
NO_EMBEDDINGS = "does not support embeddings"
EMBEDS_NOT = "this model makes no embeddings: from 0.30 on, Ollama embeds with embedding models only; use a pool of one"
MOST_WRAPPED = 4  # objects and texts in each other
INSIDE = 500  # from this HTTP status on
OF_A_REQUEST = (400, 413, 422)
"""What Ollama says of a request. Other client errors come from what stands before it: a login, a limit of rates."""
MOST_LINE_BYTES = 40 * 1024 * 1024
"""Of one line of an answer: all vectors of a job come in one, a number of theirs has at most 18 bytes of Go's JSON."""
COUNTERS = EngineCounters.model_fields.keys() - {"done_reason"}
MOST_COUNT = 2**63 - 1  # of Go's durations and counts
SHOWN = 200  # characters of an error of Ollama's
FIELD = re.compile(r"^Field '\w+': (?:\"\w+\": )?")  # of what Ollama asks llama-server, which is no word of a job's
QUOTED = re.compile(r"raw=|'|`|\n")  # from here on Ollama may quote what the model wrote


class LineTooLong(Exception):
    """Ollama sent a line that would fill our memory."""


def lines(chunks: Iterator[bytes], most_bytes: int = MOST_LINE_BYTES) -> Iterator[bytes]:
    """Lines end with a line feed and nothing else: JSON may hold what other splitters take for a line's end. Each byte
    is copied once, whatever the chunks. Raises `LineTooLong`.
    """
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for end in ended:
            yield _joined(parts, end, size, most_bytes)
            size = 0
        parts.append(rest)
        size += len(rest)
        if size > most_bytes:
            raise LineTooLong
    yield b"".join(parts)


def _joined(parts: list[bytes], end: bytes, size: int, most_bytes: int) -> bytes:
    if size + len(end) > most_bytes:
        raise LineTooLong
    line = b"".join((*parts, end))
    parts.clear()  # while the line is read, its pieces are of no more use
    return line


def json_object(text: str | bytes) -> dict[str, Any]:
    """A record; nothing at all is an empty one. Raises `EngineCrashed`, and `JobError` where the model nested deeper
    than Python reads.
    """
    try:
        value = json.loads(text) if text.strip() else {}
    except RecursionError as error:
        raise JobError(ErrorCode.ENGINE_ERROR, "the answer is nested too deeply to be read") from error
    except ValueError as error:
        raise EngineCrashed("Ollama sent something that is not JSON") from error
    return value if isinstance(value, dict) else {}


class Collected:
    """The records of one call, put together."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """`clock` tells when the first token came."""
        self._path = path
        self._clock = clock
        self._first: datetime | None = None
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._tool_calls: list[Any] = []
        self._final: dict[str, Any] | None = None

    def add(self, record: dict[str, Any]) -> None:
        """Take one record; an `error` under HTTP 200 is raised as trouble."""
        if "error" in record:
            raise trouble(500, words_of(record["error"]))
        if self._first is None and record:
            self._first = self._clock.now()
        part = record.get("message") or record
        self._text.append(part.get("response") or part.get("content") or "")
        self._thinking.append(part.get("thinking") or "")
        self._tool_calls += part.get("tool_calls") or []
        if record.get("done") or "embeddings" in record:
            self._final = record

    @property
    def is_whole(self) -> bool:
        """Whether the final record is there."""
        return self._final is not None

    def answer(self) -> Answer:
        """The answer; raises `EngineFailed` where the final record did not come: Ollama ends so when a model repeats
        itself (30 times the same token).
        """
        final = self._final
        if final is None:
            blame = JobError(ErrorCode.INCOMPLETE_ANSWER, "the answer ended without its final record")
            raise EngineFailed(blame, "a stream without its final record")
        thinking = "".join(self._thinking) or None
        text = "".join(self._text)
        chat = self._path == "/api/chat"
        reason, counted = self._finish_reason(final), _counted(final)
        return Answer(
            prompt_tokens=counted.get("prompt_eval_count", 0),
            completion_tokens=counted.get("eval_count", 0),
            finish_reason=reason,
            first_token_at=self._first,
            text=text if self._path == "/api/generate" else None,
            thinking=None if chat else thinking,
            message=self._message(text, thinking) if chat else None,
            embeddings=final.get("embeddings"),
            engine=EngineCounters(done_reason=reason, **counted),
        )

    def _finish_reason(self, final: dict[str, Any]) -> FinishReason | None:
        if self._path == "/api/embed":
            return None
        reason = final.get("done_reason", "stop")
        if reason not in ("stop", "length"):
            words = f"Ollama ended with {str(reason)[:SHOWN]} instead of an answer"
            raise EngineFailed(JobError(ErrorCode.ENGINE_ERROR, words), "a stream that ends without an answer")
        return "length" if reason == "length" else "stop"

    def _message(self, text: str, thinking: str | None) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thinking:
            message["thinking"] = thinking
        if self._tool_calls:
            message["tool_calls"] = self._tool_calls
        return message


def _counted(final: Mapping[str, Any]) -> dict[str, int]:
    """What is a count; a version of Ollama that leaves one out, or tells nonsense, costs no answer."""
    told = {name: final.get(name) for name in COUNTERS}
    return {name: each for name, each in told.items() if isinstance(each, int) and 0 <= each <= MOST_COUNT}


def error_of(status: int, text: str) -> JobError | Unavailable:
    """The trouble that an error response stands for."""
    return trouble(status, words_of(text))


def words_of(error: object) -> str:
    """The words of an error response. From 0.30 on they may be llama-server's: an object in a text in an object."""
    words = error
    for _ in range(MOST_WRAPPED):
        inner = _decoded(words) if isinstance(words, str) else words
        found = (inner.get("error") or inner.get("message")) if isinstance(inner, dict) else None
        if not found:
            break
        words = found
    return str(words)


def _decoded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def trouble(status: int, message: str) -> JobError | Unavailable:
    """What went wrong inside Ollama says nothing of whose fault it was, whatever its words."""
    found = _by_words(status, message)
    if isinstance(found, JobError) and status not in OF_A_REQUEST:
        return EngineFailed(found, name_of(status, message))
    return found


def _by_words(status: int, message: str) -> JobError | Unavailable:
    """By status and words: Ollama has no error codes (https://github.com/ollama/ollama/blob/main/docs/api.md)."""
    shown = QUOTED.split(FIELD.sub("", message), maxsplit=1)[0].strip(" :")[:SHOWN]
    words = shown.lower()
    if any(part in words for part in UNREADABLE):
        return JobError(ErrorCode.INVALID_JOB, f"Ollama can't read an image: {shown}")
    if any(part in words for part in CRASHES) or DEAD_SERVER.search(words):
        return EngineCrashed(f"Ollama's runner stopped: {name_of(status, message)}")
    if status in (404, 499, 503):
        return Unavailable(f"Ollama answered {status}")
    if any(part in words for part in UNSUPPORTED):
        return JobError(ErrorCode.UNSUPPORTED, EMBEDS_NOT if NO_EMBEDDINGS in words else shown)
    if any(part in words for part in TOO_LONG):
        return JobError(ErrorCode.PROMPT_TOO_LONG, shown)
    if any(part in words for part in BAD_FORMAT):
        return JobError(ErrorCode.INVALID_JOB, f"Ollama can't use format: {shown}")
    if 400 <= status < INSIDE:  # noqa: PLR2004 - HTTP's class of client errors
        return JobError(ErrorCode.INVALID_JOB, f"Ollama refused the request: {shown}")
    return JobError(ErrorCode.ENGINE_ERROR, f"Ollama answered: {shown}")
