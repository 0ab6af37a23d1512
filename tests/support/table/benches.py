"""The implementations of the table's port, each fresh and empty."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.postgres_access import by_url
from laneway_table.adapters.sql.sqlite import SQLiteTable
from laneway_table.testing.memory import MemoryTable
from support.table.postgres import VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_table.ports.table import Table
    from support.table.postgres import Server

SQL = ("sqlite", *VERSIONS)
BENCHES = ("memory", *SQL)


def table_in(folder: Path, server: Server) -> PostgresTable:
    """In a database of its own."""
    return PostgresTable(by_url(str(url_file_of(folder, server)), None))


def url_file_of(folder: Path, server: Server) -> Path:
    """A file with the URL of a new database."""
    path = folder / f"url-{uuid.uuid4().hex}"
    path.write_text(server.database() + "\n")
    return path


def own_table(bench: str, folder: Path) -> Table:
    """One without a server."""
    return MemoryTable() if bench == "memory" else SQLiteTable(folder / "table.sqlite")
