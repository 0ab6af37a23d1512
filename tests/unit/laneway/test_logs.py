from __future__ import annotations

import json
import logging
import sys

from laneway.logs import JsonLines

CANARY = "canary-5f1e"


def line_of(record: logging.LogRecord) -> dict[str, object]:
    read: dict[str, object] = json.loads(JsonLines().format(record))
    return read


def test_a_log_line_is_json() -> None:
    record = logging.LogRecord("laneway_worker", logging.INFO, "f.py", 1, "job %s", ("committed",), None)
    record.fields = {"id": "a", "code": None}
    line = line_of(record)
    assert {name: line[name] for name in ("level", "message", "id", "code")} == {
        "level": "info",
        "message": "job committed",
        "id": "a",
        "code": None,
    }
    assert str(line["at"]).endswith("+00:00")


def test_of_an_exception_kind_and_place_are_told_and_never_its_text() -> None:
    try:
        int(CANARY)
    except ValueError:
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "f.py", 1, "in the app", (), sys.exc_info())
    line = line_of(record)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in str(line["trace"])
    assert CANARY not in JsonLines().format(record)


def test_a_record_that_was_made_outside_of_any_exception_is_a_line_as_well() -> None:
    record = logging.LogRecord("any", logging.ERROR, "f.py", 1, "said", (), (None, None, None))
    assert line_of(record)["message"] == "said"
