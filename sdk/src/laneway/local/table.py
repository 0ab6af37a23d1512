"""The table of a pool on this machine: a file in the state folder, and the projector that writes it."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from laneway.local.processes.kept import KeptProcess
from laneway.local.processes.ports import LOOPBACK, free_port
from laneway.schema.pool.documents.projector_config import ProjectorConfig, SQLiteStore, Store
from laneway.schema.pool.table import Table
from laneway.schema.shared.names import TABLE_REFUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.local.aws.account import Account
    from laneway.local.processes.children import Children
    from laneway.local.say import Say
    from laneway.local.state import StateFolder
    from laneway.schema.pool.pool import LLMWorkerPool

MODULE = "laneway_table"
LOG = "projector.log"
DEFAULT_RETENTION_SECONDS = int(Table.model_fields["retention"].default)


class ProjectorStats:
    """What is told of it: trouble, once, as jobs are answered all the same."""

    def __init__(self, say: Say) -> None:
        """Nothing is known."""
        self._say = say
        self._told = ""

    def take(self, event: dict[str, Any], _now: float) -> None:
        """Take one of its log lines."""
        message = str(event.get("message", ""))
        if message.startswith(TABLE_REFUSES) and message != self._told:
            self._told = message
            self._say.line(f"{message}; jobs are answered all the same, and their rows come later")

    def died(self, _how: str) -> None:
        """Who keeps it says so."""


class LocalTable:
    """Rows of results in SQLite, whatever database the pool names for clusters."""

    def __init__(self, state: StateFolder, pool: LLMWorkerPool, say: Say) -> None:
        """Nothing runs before `process` is tended."""
        self._state = state
        self._pool = pool
        self._say = say
        said = pool.spec.table
        self.output = said.output if said else False
        self._retention = said.retention if said else DEFAULT_RETENTION_SECONDS
        if said is not None:
            say.line(f"the database of `table` is for clusters: on this machine rows are in {state.table}")

    @staticmethod
    def is_installed() -> bool:
        """Whether there is a projector to start."""
        return importlib.util.find_spec(MODULE) is not None

    def process(
        self, account: Account, events_queue_url: str, environment: Mapping[str, str], children: Children
    ) -> KeptProcess:
        """What is to be tended; nobody waits for it."""
        config = ProjectorConfig(
            pool=self._pool.full_name,
            events_queue_url=events_queue_url,
            region=account.region,
            endpoint=account.endpoint,
            results=self._pool.results,
            output=self.output,
            retention_seconds=self._retention,
            store=Store(sqlite=SQLiteStore(path=str(self._state.table))),
            health_address=f"{LOOPBACK}:{free_port()}",
        )
        self._state.write(self._state.projector, config)
        argv, log = [MODULE, "--config", str(self._state.projector)], self._state.logs / LOG
        return KeptProcess(argv, log, ProjectorStats(self._say), lambda: environment, children, self._say)
