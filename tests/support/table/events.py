"""Events for tests."""

from __future__ import annotations

from typing import Any

from laneway.schema.job.event import ResultEvent
from laneway.schema.job.keys import Place
from laneway_table.project.reading import Source
from support.inputs.offers import result
from support.table.rows import POOL

PLACE = Place(bucket="acme-llm", prefix="documents/")
SOURCE = Source(POOL, PLACE, output=False)


def event(job_id: str = "invoice-1", *, etag: str = '"1"', **fields: Any) -> str:
    """The message of a result."""
    told = result(id=job_id, **fields)
    return ResultEvent.of(told, etag, PLACE.url(PLACE.result(job_id)), output=True).to_message()
