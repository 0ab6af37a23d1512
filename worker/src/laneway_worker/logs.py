"""Logs as JSON lines on standard output."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, message, and the record's `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = getattr(record, "fields", {})
        return json.dumps({"at": at, "level": record.levelname.lower(), "message": record.getMessage(), **fields})


def log_defect(log: logging.Logger, error: Exception) -> None:
    """Say where a defect of ours is, without the error's text, which may quote a job."""
    frames = traceback.format_tb(error.__traceback__)
    log.error("defect: %s", type(error).__name__, extra={"fields": {"trace": frames[-4:]}})


def configure() -> None:
    """Send our own records to standard output; of libraries only warnings, since their details may quote a job."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("laneway_worker").setLevel(logging.INFO)
    threading.excepthook = lambda hook: _died(hook.exc_value)
    sys.excepthook = lambda _, error, __: _died(error)


def _died(error: BaseException | None) -> None:
    """Python would print the error's text."""
    if isinstance(error, Exception):
        log_defect(logging.getLogger("laneway_worker"), error)
