"""The documents of a worker or a dead-letter handler, from fields and as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway.schema.pool.documents.live_config import LiveConfig

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

    from laneway.schema.pool.documents.dead_letters import DeadLettersConfig


def documents_of(fields: dict[str, Any]) -> LaneDocuments:
    """A lane's documents, from the fields of both."""
    live = {name: value for name, value in fields.items() if name in LiveConfig.model_fields}
    config = {name: value for name, value in fields.items() if name not in live}
    return LaneDocuments(config=LaneConfig.model_validate(config), live=LiveConfig.model_validate(live))


def written(documents: LaneDocuments | DeadLettersConfig, folder: Path, name: str) -> tuple[str, ...]:
    """Write them into a folder; the answer are the arguments of `laneway-worker`."""
    if isinstance(documents, LaneDocuments):
        config = _file(documents.config, folder / f"{name}.json")
        return "--config", config, "--live", _file(documents.live, folder / f"{name}.live.json")
    return "--dead-letters", _file(documents, folder / f"{name}.json")


def _file(document: BaseModel, path: Path) -> str:
    path.write_text(document.model_dump_json(indent=2) + "\n")
    return str(path)
