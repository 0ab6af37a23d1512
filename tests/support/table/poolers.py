"""A real PgBouncer before a PostgreSQL, as most databases of companies have one."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.processes import free_port, server
from support.table.postgres import PASSWORD, Server, as_nobody, nobodys
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """\
[databases]
* = host=127.0.0.1 port={behind}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 2
"""
"""What Debian's package leaves as it is: no startup parameter is ignored."""


@contextmanager
def pgbouncer(behind: Server, folder: Path) -> Iterator[Server]:
    """In transaction mode; skips, or in CI fails, where there is none."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing("PgBouncer", "apt install pgbouncer")
    port, users, config = free_port(), folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"laneway" "{PASSWORD}"\n')
    config.write_text(CONFIG.format(behind=behind.port, port=port, users=users))
    command = [*as_nobody(), program, str(nobodys(config))]
    nobodys(users)
    with server(command, {"PATH": os.environ["PATH"]}, port, folder / "pgbouncer.log"):
        yield Server(port)
