"""What commands open by a document: the table, and the sweep of its pool."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.pool.documents.projector_config import ProjectorConfig
from laneway.schema.shared.problems import problems
from laneway_table.adapters.aws import s3_client
from laneway_table.adapters.s3 import S3Results
from laneway_table.errors import TableUnusable
from laneway_table.project.reading import Source
from laneway_table.sweep.sweep import Sweep

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_table.adapters.aws import Keys
    from laneway_table.ports.table import Table


def read_config(path: Path) -> ProjectorConfig:
    """Raises `TableUnusable`, which says what is wrong with it."""
    try:
        return ProjectorConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TableUnusable(f"{path} can't be read: {error.strerror}") from None
    except ValidationError as error:
        raise TableUnusable(f"{path}: {problems(error, ProjectorConfig)}") from None


def sweep_of(
    config: ProjectorConfig, table: Table, keys: Keys | None, *, mend: bool = False, prune: bool = False
) -> Sweep:
    """From now on; without keys, with the rights that boto3 finds."""
    results = S3Results(s3_client(config.region, config.endpoint, keys), config.results)
    source = Source(config.pool, config.results, config.output)
    return Sweep(results, table, source, datetime.now(UTC), config.retention_seconds, mend, prune)
