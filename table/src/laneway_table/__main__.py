"""`laneway-table`: the projector of one pool's table, as a document says."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from laneway import logs
from laneway_table.app import Defect, run
from laneway_table.errors import TableError
from laneway_table.opened import read_config

if TYPE_CHECKING:
    from typing import NoReturn

DEFECT = 1
UNUSABLE = 2


def main() -> None:
    """Project until SIGTERM. Exits with 2 and one line where the document or the database can't be used."""
    parser = argparse.ArgumentParser(
        prog="laneway-table", description="Writes a row into a pool's table for each event of a result."
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="a ProjectorConfig in JSON")
    path: Path = parser.parse_args().config
    logs.configure("laneway_table")
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    try:
        run(read_config(path), stop)
    except (OSError, TableError) as error:
        _refuse(str(error))
    except Defect:
        sys.exit(DEFECT)


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"laneway-table: {message}\n")
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
