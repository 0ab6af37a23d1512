"""The table that a command asks, and its trouble in words."""

from __future__ import annotations

import importlib.util
import logging
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from laneway.cli.output import Exit, errors_in_words, fail
from laneway.schema.shared.names import DEFAULT_STATE, PROJECTOR_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.pool.documents.projector_config import ProjectorConfig
    from laneway_table.adapters.aws import Keys
    from laneway_table.ports.table import Table

MODULE = "laneway_table"
MISSING = "tables are not installed: pip install 'laneway-table[postgres]'"

TableOption = Annotated[
    Path | None,
    typer.Option(
        "--table",
        envvar="LANEWAY_TABLE",
        metavar="FILE",
        help=f"The document that the pool's projector reads. Default: {PROJECTOR_FILE} in the state folder of `laneway "
        "up`.",
    ),
]


@contextmanager
def opened(path: Path | None) -> Iterator[tuple[ProjectorConfig, Table]]:
    """The document and its table."""
    if importlib.util.find_spec(MODULE) is None:
        fail(MISSING, Exit.UNAVAILABLE)
    from laneway_table.errors import NotOffered, QueueUnavailable, ResultsUnavailable, TableError, TableUnusable  # noqa: PLC0415 - as the package says
    from laneway_table.opened import read_config  # noqa: PLC0415 - as above
    from laneway_table.stores import open_table  # noqa: PLC0415 - as above

    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())  # each try, before our one sentence
    with errors_in_words():
        try:
            config = read_config(_document(path))
            with closing(open_table(config)) as table:
                yield config, table
        except (NotOffered, TableUnusable) as error:
            fail(str(error), Exit.USAGE)
        except (QueueUnavailable, ResultsUnavailable, TableError) as error:
            fail(str(error), Exit.UNAVAILABLE)


def keys_of(path: Path | None) -> Keys | None:
    """Those of an emulator that `laneway up` has started, where the document is its."""
    from laneway.client.connection import CONNECTION_FILE, connect  # noqa: PLC0415 - as above
    from laneway_table.adapters.aws import Keys  # noqa: PLC0415 - as above

    folder = _document(path).parent
    found = connect(str(folder), {}) if (folder / CONNECTION_FILE).exists() else None
    if found is None or found.access_key_id is None or found.secret_access_key is None:
        return None
    return Keys(found.access_key_id, found.secret_access_key)


def _document(path: Path | None) -> Path:
    found = path or Path(DEFAULT_STATE) / PROJECTOR_FILE
    if path is None and not found.exists():
        fail(f"there is no {found}: name the document of a pool's projector with --table or $LANEWAY_TABLE", Exit.USAGE)
    return found
