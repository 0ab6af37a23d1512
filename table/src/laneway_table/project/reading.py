"""A message of the events queue, as a row. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.job.event import ResultEvent
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly
from laneway_table.rows.row import row_of

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway_table.ports.figures import Refusal
    from laneway_table.rows.row import Row


@dataclass(frozen=True)
class Source:
    """Whose events these are: whoever may send to the queue could name another pool's rows."""

    pool: str
    results: Place
    output: bool
    """Whether rows hold answers."""


def read(body: str, source: Source) -> Row | Refusal:
    """The row, or why there is none."""
    try:
        read_strictly(body.encode())
        event = ResultEvent.model_validate_json(body)
    except (NotStrictJSON, UnicodeError, ValidationError):
        return "unreadable"
    result = event.result
    if result.pool != source.pool or event.url != source.results.result_url(result.id):
        return "foreign"
    return row_of(result, url=event.url, etag=event.etag, output=source.output)
