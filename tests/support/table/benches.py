"""The implementations of the table's port, each fresh and empty."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from laneway_table.adapters.aws import dynamodb_client
from laneway_table.adapters.dynamodb import items
from laneway_table.adapters.dynamodb.table import DynamoDBTable
from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.postgres_access import by_url
from laneway_table.adapters.sql.sqlite import SQLiteTable
from laneway_table.testing.memory import MemoryTable
from support.aws.moto import REGION
from support.table.postgres import VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_table.ports.table import Table
    from support.table.postgres import Server

SQL = ("sqlite", *VERSIONS)
FOR_EVER_SECONDS = 10**10
DYNAMODB = "dynamodb"
BENCHES = ("memory", *SQL, DYNAMODB)


def table_in(folder: Path, server: Server) -> PostgresTable:
    """In a database of its own."""
    return PostgresTable(by_url(str(url_file_of(folder, server)), None))


def url_file_of(folder: Path, server: Server) -> Path:
    """A file with the URL of a new database."""
    path = folder / f"url-{uuid.uuid4().hex}"
    path.write_text(server.database() + "\n")
    return path


def dynamodb_table(endpoint: str) -> DynamoDBTable:
    """A new one; its rows are kept for longer than tests' times are past."""
    client = dynamodb_client(REGION, endpoint)
    name = f"laneway-{uuid.uuid4()}"
    client.create_table(**items.definition(name))
    return DynamoDBTable(client, name, FOR_EVER_SECONDS)


def own_table(bench: str, folder: Path) -> Table:
    """One without a server."""
    return MemoryTable() if bench == "memory" else SQLiteTable(folder / "table.sqlite")
