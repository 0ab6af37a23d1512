"""How the pool's own door speaks: the job's and the result's published schemas, and nothing translated."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.translate.reply import Reply
from laneway.translate.statuses import STATUSES, words_of_failure
from laneway_gateway.doors.door import Door
from laneway_gateway.doors.holding.answering import JOBS

if TYPE_CHECKING:
    from laneway.schema.job.result import Result
    from laneway.translate.refused import Refused
    from laneway_gateway.desk import Standing


LINE_ENDS = "\x85\u2028\u2029"


def error_body(status: int, message: str, code: str | None = None) -> dict[str, Any]:
    """The body of an error: a code of the closed list, or HTTP's own name."""
    return {"error": {"code": code or HTTPStatus(status).name.lower(), "message": message}}


def _refusal(refused: Refused) -> Reply:
    status = STATUSES[refused.code]
    return Reply(status, error_body(status, str(refused), refused.code.value))


def _failure(result: Result) -> Reply:
    code, message = words_of_failure(result)
    return Reply(STATUSES[code], error_body(STATUSES[code], message, code.value))


NATIVE = Door("native", "application/x-ndjson", error_body, _refusal, _failure)


def standing_body(job_id: str, standing: Standing) -> dict[str, Any]:
    """How a job stands, and where its result is."""
    url = f"{JOBS}/{job_id}"
    told: dict[str, Any] = {"id": job_id, "status": standing.status, "url": url, "result": f"{url}/result"}
    if standing.result is not None and standing.result.error is not None:
        told["error"] = standing.result.error.model_dump(mode="json")
    return told


def line(value: dict[str, Any]) -> bytes:
    """One object. ASCII: of what else JSON may hold, some readers take a part for a line's end."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _one_line(document: bytes) -> bytes:
    """JSON as it is, but for what some readers take for a line's end: to write all of it anew may take seconds."""
    for character in LINE_ENDS:
        document = document.replace(character.encode(), f"\\u{ord(character):04x}".encode())
    return document


def started_line(attempt: int) -> bytes:
    """That an attempt has begun."""
    return line({"started": {"attempt": attempt}})


class JobLines:
    """The stream of one job (`laneway.translate.reply.Stream`): Ollama's own records, and the result at its end."""

    def __init__(self, job_id: str) -> None:
        """`job_id` stands in every error."""
        self._job_id = job_id

    def begin(self) -> bytes:
        """That somebody listens."""
        return self.keep_alive()

    def add(self, record: dict[str, Any]) -> bytes:
        """The record as it is."""
        return line({"record": record})

    def replay(self, _result: Result) -> bytes:
        """Nothing: the last line has all of the result."""
        return b""

    def keep_alive(self) -> bytes:
        """That nothing has happened."""
        return line({"waiting": {"id": self._job_id}})

    def end(self, result: Result) -> bytes:
        """The result, however the job ended."""
        return b'{"ended":' + _one_line(result.to_json()) + b"}\n"

    def fail(self, message: str) -> bytes:
        """An end without a result."""
        return line({"broken": {"id": self._job_id, "message": message}})
