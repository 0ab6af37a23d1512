"""Migrations: numbered files of a dialect, and what a database says of those that it has had."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from laneway_table.errors import TableUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA_TABLE = """\
CREATE TABLE IF NOT EXISTS laneway_schema (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  serves INTEGER NOT NULL
)"""
READ = "SELECT version, name, serves FROM laneway_schema ORDER BY version"
NOTE = "INSERT INTO laneway_schema (version, name, serves) VALUES (:version, :name, :serves)"

_NAME = re.compile(r"([0-9]{4})_([a-z_]+)\.sql")
_SERVES = re.compile(r"-- serves: ([0-9]+)\n")


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    """The file's."""
    serves: int
    """The oldest program, by the newest migration that it knows, which a database of this schema still serves: one
    before at least, so that an older release can be gone back to.
    """
    sql: str = ""


def migrations(folder: str) -> tuple[Migration, ...]:
    """Those of a dialect, in order."""
    files = sorted(resources.files(__package__).joinpath(folder).iterdir(), key=lambda each: each.name)
    return tuple(_read(each.name, each.read_text("utf-8")) for each in files if each.name.endswith(".sql"))


def _read(name: str, sql: str) -> Migration:
    numbered, serves = _NAME.fullmatch(name), _SERVES.match(sql)
    if numbered is None or serves is None:
        raise ValueError(f"{name} should be NNNN_name.sql and begin with -- serves: N")
    return Migration(int(numbered[1]), name, int(serves[1]), sql)


def missing(known: Sequence[Migration], had: Sequence[Migration]) -> tuple[Migration, ...]:
    """What a database has still to get; raises `TableUnusable` where a newer program has had it for its own."""
    newest = known[-1].version
    if had and had[-1].serves > newest:
        raise TableUnusable(
            f"the database has the schema {had[-1].name} of a newer Laneway, which serves programs that know "
            f"{had[-1].serves} migrations; this one knows {newest}: use a newer version of laneway-table"
        )
    done = had[-1].version if had else 0
    return tuple(each for each in known if each.version > done)
