"""The table that a document names; what a kind of table needs is imported where it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from laneway.schema.pool.documents.projector_config import DynamoDBStore, PostgresStore, SQLiteStore
from laneway_table.errors import TableUnusable

if TYPE_CHECKING:
    from laneway.schema.pool.documents.projector_config import ProjectorConfig
    from laneway_table.ports.table import Table

NO_DRIVER = "the driver for PostgreSQL is not installed: pip install 'laneway-table[postgres]'"


def open_table(config: ProjectorConfig) -> Table:
    """Not prepared: readers don't change a schema. Raises `TableUnusable` or `TableUnavailable`."""
    match config.store.chosen:
        case SQLiteStore(path=path):
            from laneway_table.adapters.sql.sqlite import SQLiteTable  # noqa: PLC0415 - as the module says

            return SQLiteTable(Path(path))
        case PostgresStore() as store:
            return _postgres(store, config.region)
        case DynamoDBStore(table_name=name):
            from laneway_table.adapters.aws import dynamodb_client  # noqa: PLC0415 - as the module says
            from laneway_table.adapters.dynamodb.table import DynamoDBTable  # noqa: PLC0415 - as above

            client = dynamodb_client(config.region, config.endpoint)
            return DynamoDBTable(client, name, config.retention_seconds)


def _postgres(store: PostgresStore, region: str) -> Table:
    try:
        from laneway_table.adapters.sql import postgres, postgres_access  # noqa: PLC0415 - an extra
    except ImportError:
        raise TableUnusable(NO_DRIVER) from None
    if store.iam is None:
        return postgres.PostgresTable(postgres_access.by_url(str(store.url_file), store.ca_file))
    from laneway_table.adapters.aws import rds_client  # noqa: PLC0415 - as the module says

    return postgres.PostgresTable(postgres_access.by_token(store.iam, store.ca_file, rds_client(region), region))
