"""A real PgBouncer before a PostgreSQL, as most databases of companies have one."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.processes import free_port, server
from support.table.postgres import PASSWORD, Server, as_nobody, nobodys
from support.toolchain import debian
from support.toolchain.toolbox import ToolMissing, toolbox
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
    program, environment = _program(folder)
    port, users, config = free_port(), folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"laneway" "{PASSWORD}"\n')
    config.write_text(CONFIG.format(behind=behind.port, port=port, users=users))
    command = [*as_nobody(), program, str(nobodys(config))]
    nobodys(users)
    with server(command, environment, port, folder / "pgbouncer.log"):
        yield Server(port)


def _program(folder: Path) -> tuple[str, dict[str, str]]:
    """This machine's, or the cache's, copied to where nobody may look."""
    path = {"PATH": os.environ["PATH"]}
    if own := shutil.which("pgbouncer", path=f"{path['PATH']}:/usr/sbin"):
        return own, path
    try:
        unpacked = shutil.copytree(debian.pgbouncer(toolbox()), folder / "unpacked", symlinks=True)
    except ToolMissing as error:
        missing("PgBouncer", f"apt install pgbouncer: {error}")
    return str(unpacked / "usr/sbin/pgbouncer"), path | debian.libraries(unpacked)
