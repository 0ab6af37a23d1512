"""Logs as JSON lines on standard output, without the text of any error: worker and gateway write theirs by it."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

MOST_FRAMES = 4


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, message, and the record's `fields`; of an exception its kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {"at": at, "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(said | getattr(record, "fields", {}) | _raised(record))


def _raised(record: logging.LogRecord) -> dict[str, Any]:
    """Never its text, which may quote a job."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, _, trace = record.exc_info
    return {"error": kind.__name__, "trace": _frames(trace)}


def _frames(trace: TracebackType | None) -> list[str]:
    return traceback.format_tb(trace)[-MOST_FRAMES:]


def log_defect(log: logging.Logger, error: BaseException) -> None:
    """Say where a defect of ours is, without the error's text, which may quote a job."""
    fields = {"trace": _frames(error.__traceback__)}
    log.error("defect: %s", type(error).__name__, extra={"fields": fields})


def configure(own: str) -> None:
    """Send the records of the package `own` to standard output; of libraries only warnings, since their details may
    quote a job.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log = logging.getLogger(own)
    log.setLevel(logging.INFO)
    threading.excepthook = lambda hook: _died(log, hook.exc_value)
    sys.excepthook = lambda _, error, __: _died(log, error)


def _died(log: logging.Logger, error: BaseException | None) -> None:
    """Python would print the error's text."""
    if isinstance(error, Exception):
        log_defect(log, error)
