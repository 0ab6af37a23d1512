"""What the dead-letter handler ends counts in the lanes' rows of `laneway up`'s board."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from laneway.local.lanes.board import COLUMNS, HandlerStats, LaneStats, rows
from laneway.logs import JsonLines
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import ErrorDetail, Result, ServedModel, Timing
from laneway.schema.shared import names
from laneway_worker.deliver.results import Committed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def line(lane: str, message: str = names.JOB_COMMITTED) -> dict[str, object]:
    """What a worker's log has of a job that SQS gave up."""
    timing = Timing(submitted_at=NOW, received_at=NOW, finished_at=NOW, queued_seconds=9000, run_seconds=0)
    result = Result(
        id="a", status="failed", model=ServedModel(name="gemma3:4b"), timing=timing, pool="nlp/documents", lane=lane,
        error=ErrorDetail.of(ErrorCode.POISON, "it came back again and again"),
    )  # fmt: skip
    record = logging.LogRecord("laneway_worker", logging.INFO, "", 0, message, None, None)
    record.fields = Committed(result, '"1"', ours=True).summary
    event: dict[str, object] = json.loads(JsonLines().format(record))
    return event


def test_what_the_dead_letter_handler_ends_has_failed_in_its_lane() -> None:
    lanes = {"fast": LaneStats(failed=1), "slow": LaneStats()}
    handler = HandlerStats(lanes=lanes)
    for event in (line("slow"), line("slow"), line("slow", "job duplicate"), line("gone"), {"message": "started"}):
        handler.take(event, 0.0)
    content = rows(lanes, {}, 0.0)
    assert [row[COLUMNS.index("FAILED")] for row in content] == ["1", "2"]
    assert [row[COLUMNS.index("WAIT P50")] for row in content] == ["-", "-"]  # a dead letter waited for nobody's turn
