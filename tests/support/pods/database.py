"""A PostgreSQL on the node, as it would be beside a cluster: by its address and by TLS, with data that outlive it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from support.cluster.init import HOST_ADDRESS
from support.table.postgres import PASSWORD, nobodys, programs_of, started
from support.table.tls import self_signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.cluster.cluster import Cluster

PORT = 5432  # in the cluster's network, which has no other


class Written(NamedTuple):
    """Of a row."""

    status: str
    attempts_failed: int


class Database:
    """One that a node's pods reach."""

    url = f"postgresql://laneway:{PASSWORD}@{HOST_ADDRESS}:{PORT}/postgres"

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        """In a folder that others than root may look into; not started yet."""
        self._cluster, self._folder = cluster, folder
        self._programs = programs_of("postgres15", folder)
        signed = self_signed(folder, HOST_ADDRESS)
        self.authority = signed.certificate.read_text()
        hosts = folder / "hosts.conf"
        hosts.write_text("hostssl all all all scram-sha-256\n")
        self._settings = (*signed.settings, "listen_addresses=*", f"hba_file={nobodys(hosts)}")
        self._running = ExitStack()

    def start(self) -> None:
        """Until it serves."""
        with self._cluster.inside():
            server = started(self._programs, self._folder / "data", PORT, *self._settings)
            self._running.enter_context(server)

    def stop(self) -> None:
        """As a fail-over does: whoever is connected is cut off."""
        self._running.close()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """And started again."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def rows(self) -> dict[str, Written]:
        """By the job's id; none before there is a table."""
        with self._cluster.inside(), psycopg.connect(self.url) as connection:
            if connection.execute("SELECT to_regclass('laneway_results')").fetchone() == (None,):
                return {}
            found = connection.execute("SELECT id, status, attempts_failed FROM laneway_results").fetchall()
        return {job_id: Written(*rest) for job_id, *rest in found}

    def lose_rows(self) -> None:
        """All of them."""
        with self._cluster.inside(), psycopg.connect(self.url) as connection:
            connection.execute("DELETE FROM laneway_results")
