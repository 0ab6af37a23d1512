"""`laneway up`: everything that a pool needs, started on this machine, watched, and stopped again."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from laneway.client.aws.session import ANYWHERE
from laneway.client.connection import Connection
from laneway.client.remote import Figures, Remote
from laneway.errors import PoolUnavailable
from laneway.local.aws.account import Account
from laneway.local.aws.keys import Keys, keys_of
from laneway.local.aws.provision import Provisioner
from laneway.local.aws.region import region_of, said_around, said_by_variables
from laneway.local.doors import Doors
from laneway.local.errors import LocalError
from laneway.local.lanes.board import LaneStats, rows
from laneway.local.lanes.workers import Workers
from laneway.local.ollama.servers import start_ollamas, wait_for
from laneway.local.owner import owner_of
from laneway.local.processes.children import PYTHON, Children, how_ended, self_contained
from laneway.local.processes.ending import Ending
from laneway.local.processes.ports import LOOPBACK, free_port, wanted_port
from laneway.local.processes.stopping import Stopping
from laneway.local.state import StateFolder
from laneway.local.table import LocalTable
from laneway.schema.pool.documents.lane_config import LaneSettings
from laneway.schema.pool.documents.lane_documents import LaneDocuments, lane_documents
from laneway.schema.pool.documents.pool_document import pool_document
from laneway.schema.pool.schedules.schedule import asleep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from laneway.local.doors import Entrances
    from laneway.local.ollama.servers import OllamaServer
    from laneway.local.processes.children import Child
    from laneway.local.processes.kept import KeptProcess
    from laneway.local.say import Say
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway.schema.shared.regions import Said

ANY_KEYS = Keys(access_key_id="laneway-emulator", secret_access_key="laneway")  # noqa: S106 - other emulators take any
VISIBILITY_SECONDS = 30  # shorter than in a cluster: a killed worker's jobs come back sooner, and beats cost nothing
POLL_SECONDS = 2  # a leaving worker waits for its last poll: Ctrl-C should not take 20 s
TICK_SECONDS = 0.25
FIGURES_SECONDS = 2.0


@dataclass(frozen=True)
class UpOptions:
    """What the command line says."""

    state: Path
    region: str | None = None
    aws_endpoint: str | None = None
    """An AWS emulator that runs already."""
    real_aws: bool = False
    """AWS itself, with boto3's own credentials."""
    aws_port: int | None = None
    """Where embedded AWS listens."""
    http_port: int | None = None
    """Where the gateway listens."""
    dashboard_port: int | None = None
    """Where the dashboard listens."""
    prices: Mapping[str, float | None] = field(default_factory=dict)
    """Lane → USD for an hour, for the cost in results."""


class Board(Protocol):
    """Shows how the lanes stand."""

    def show(self, content: list[tuple[str, ...]]) -> None:
        """Replace what is shown."""


class Up:
    """One run of a pool on this machine."""

    def __init__(self, pool: LLMWorkerPool, options: UpOptions, environment: Mapping[str, str], say: Say) -> None:
        """Nothing happens before `run`."""
        self._pool = pool
        self._options = options
        self._environment = environment
        self._say = say
        self._state = StateFolder(options.state)
        self._children = Children(self._state.children)
        self._stats = {lane.name: LaneStats() for lane in pool.spec.lanes}
        self._embedded: Child | None = None

    def run(self, board: Board, ready: Callable[[Connection, Entrances], None]) -> None:
        """Run until Ctrl-C or SIGTERM; `ready` is called when every lane serves. Raises `LocalError`."""
        stopping = Stopping()
        with ExitStack() as stack:
            stack.enter_context(self._state.locked())
            self._state.withdraw()
            for name in self._children.end_leftovers():
                self._say.line(f"ended {name}, left by an earlier `laneway up` that was killed")
            stopping.watch(stack)
            stack.callback(self._children.end_all)
            account = self._start_aws(stack)
            urls, servers = start_ollamas(self._pool, self._state, self._children, self._environment, self._say, stack)
            table = LocalTable(self._state, self._pool, self._say) if LocalTable.is_installed() else None
            lanes, events = self._provision(account, urls, table)
            connection, environment = self._connection(account), self._environment_of(account)
            doors = Doors(self._pool, self._state, (self._options.http_port, self._options.dashboard_port), self._say)
            workers = Workers(self._state, self._stats, self._children, self._say).processes(lanes, environment)
            entrances = doors.processes(connection, environment, self._children)
            beside = [*entrances, *self._projectors(table, account, events, environment, stack)]
            stack.callback(Ending(workers, entrances, stopping).run, self._say)
            self._wait_until_serving([*workers, *beside], doors)
            self._state.publish(connection)
            stack.callback(self._state.withdraw)
            stopping.starting = False
            ready(connection, doors.entrances())
            self._watch(servers, [*workers, *beside], Remote(connection), lanes, board, stopping)

    def _start_aws(self, stack: ExitStack) -> Account:
        account, around = self._reached(stack)
        region = region_of(self._pool, self._options.region, account, around)
        self._say.line(f"region: {region}")
        return replace(account, region=region.said.region)

    def _reached(self, stack: ExitStack) -> tuple[Account, tuple[Said, ...]]:
        """The account, and what a person has set of regions: an embedded AWS keeps its own."""
        options = self._options
        if options.real_aws:
            return Account(), said_around(self._environment)
        if options.aws_endpoint is not None:
            account = Account(ANYWHERE, options.aws_endpoint, ANY_KEYS.access_key_id, ANY_KEYS.secret_access_key)
            return account, said_by_variables(self._environment)
        keys = keys_of(self._state.aws)
        return Account(ANYWHERE, self._embed(stack), keys.access_key_id, keys.secret_access_key), ()

    def _embed(self, stack: ExitStack) -> str:
        """The endpoint of an AWS of the pool's own."""
        port = wanted_port(self._options.aws_port, "--aws-port")
        endpoint = f"http://{LOOPBACK}:{port}"
        argv = [*PYTHON, "-m", "laneway.local.aws.server", str(port), str(self._state.aws)]
        child = self._children.start("aws", argv, self_contained(self._environment), self._state.logs / "aws.log")
        stack.callback(child.stop)
        self._embedded = child
        with self._say.step("starting embedded AWS (SQS, S3, SNS)"):
            wait_for(endpoint, child, self._state.logs / "aws.log")
        return endpoint

    def _provision(
        self, account: Account, urls: dict[str, str], table: LocalTable | None
    ) -> tuple[list[LaneDocuments], str | None]:
        """The lanes, and the URL of the events queue, where there is a table."""
        provisioner = Provisioner(account, owner_of(self._state.root))
        pool = self._pool
        provisioner.bucket(pool.results.bucket)
        for place in pool.destinations.values():
            provisioner.bucket(place.bucket)
        provisioner.claim(pool)
        topic, events = provisioner.topic(pool), provisioner.events(pool) if table else None
        lanes = [
            lane_documents(
                pool,
                lane,
                LaneSettings(
                    queue=provisioner.queues(pool, lane),
                    region=account.region,
                    endpoint=account.endpoint,
                    topic_arn=topic,
                    events_queue_url=events,
                    ollama_url=urls[lane.name],
                    health_address=f"{LOOPBACK}:{free_port()}",
                    visibility_seconds=VISIBILITY_SECONDS,
                    poll_seconds=POLL_SECONDS,
                    price_per_hour=self._options.prices.get(lane.name),
                    local=True,
                ),
            )
            for lane in pool.spec.lanes
        ]
        provisioner.publish(pool, pool_document(lanes))
        return lanes, events

    def _projectors(
        self,
        table: LocalTable | None,
        account: Account,
        events: str | None,
        environment: Mapping[str, str],
        stack: ExitStack,
    ) -> list[KeptProcess]:
        """One, or none. It writes until the last worker is gone, and is killed then: a row that is not written yet is
        written by the next one, as its event comes again.
        """
        if table is None or events is None:
            return []
        projector = table.process(account, events, environment, self._children)
        stack.callback(projector.end)
        stack.callback(projector.kill)
        return [projector]

    def _environment_of(self, account: Account) -> dict[str, str]:
        """Of all that works for the pool."""
        if not (account.access_key_id and account.secret_access_key):
            return dict(self._environment)
        return self_contained(self._environment) | {
            "AWS_ACCESS_KEY_ID": account.access_key_id,
            "AWS_SECRET_ACCESS_KEY": account.secret_access_key,
        }

    def _wait_until_serving(self, processes: list[KeptProcess], doors: Doors) -> None:
        with self._say.step("starting workers and loading models") as detail:
            while not (all(stats.ready for stats in self._stats.values()) and doors.settled):
                for process in processes:
                    process.tend(time.monotonic())
                waiting = {name: stats.trouble for name, stats in self._stats.items() if not stats.ready}
                detail("; ".join(f"{name}: {trouble}" for name, trouble in waiting.items()))
                self._refuse_hopeless()
                time.sleep(TICK_SECONDS)

    def _refuse_hopeless(self) -> None:
        for name, stats in self._stats.items():
            if stats.restarts >= 3:  # noqa: PLR2004 - a worker that can't even start three times never will
                log = self._state.logs / f"worker-{name}.log"
                raise LocalError(f"lane {name}: its worker can't start; its last words are in {log}")
            if stats.unusable:
                raise LocalError(f"lane {name}: {stats.trouble}")

    def _connection(self, account: Account) -> Connection:
        return Connection(
            place=self._pool.results,
            endpoint=account.endpoint,
            region=account.region,
            access_key_id=account.access_key_id,
            secret_access_key=account.secret_access_key,
        )

    def _watch(
        self,
        servers: Sequence[OllamaServer],
        processes: Sequence[KeptProcess],
        remote: Remote,
        lanes: list[LaneDocuments],
        board: Board,
        stopping: Stopping,
    ) -> None:
        figures: dict[str, Figures] = {}
        finished = threading.Event()
        threading.Thread(target=self._read_figures, args=(remote, lanes, figures, finished), daemon=True).start()
        try:
            while not stopping.asked:
                now = time.monotonic()
                for server in servers:
                    if why := self._stats[server.lane].read_sick():
                        server.start_anew(why)
                    server.tend(now)
                for process in processes:
                    process.tend(now)
                self._refuse_without_aws()
                board.show(rows(self._stats, figures, now, _asleep(lanes)))
                time.sleep(TICK_SECONDS)
        finally:
            finished.set()

    def _refuse_without_aws(self) -> None:
        if self._embedded is not None and self._embedded.process.poll() is not None:
            log = self._state.logs / "aws.log"
            raise LocalError(f"embedded AWS ended with {how_ended(self._embedded)}; look into {log}, then start again")

    @staticmethod
    def _read_figures(
        remote: Remote, lanes: list[LaneDocuments], figures: dict[str, Figures], finished: threading.Event
    ) -> None:
        while not finished.wait(FIGURES_SECONDS):
            for config in (each.config for each in lanes):
                try:
                    figures[config.lane] = remote.figures(config.queue.url)
                except PoolUnavailable:
                    figures.pop(config.lane, None)


def _asleep(lanes: Iterable[LaneDocuments]) -> list[str]:
    now = datetime.now(UTC)
    return [each.config.lane for each in lanes if asleep(each.live.suspended, each.live.quiet, now)]
