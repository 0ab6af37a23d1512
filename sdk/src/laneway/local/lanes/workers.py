"""The workers of a pool's lanes, and what buries their dead letters, as processes that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.local.lanes.board import HandlerStats
from laneway.local.processes.kept import KeptProcess
from laneway.local.processes.ports import LOOPBACK, free_port
from laneway.schema.pool.documents.dead_letters import DeadLettersConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from laneway.local.lanes.board import LaneStats
    from laneway.local.processes.children import Children
    from laneway.local.say import Say
    from laneway.local.state import StateFolder
    from laneway.schema.pool.documents.lane_documents import LaneDocuments


@dataclass(frozen=True)
class Workers:
    """Of one pool."""

    state: StateFolder
    stats: dict[str, LaneStats]
    """By lane; processes write into them."""
    children: Children
    say: Say

    def processes(self, lanes: Sequence[LaneDocuments], environment: Mapping[str, str]) -> list[KeptProcess]:
        """One a lane, with its documents where it reads them, and the handler of all; none is started yet."""
        workers = []
        for lane in lanes:
            name = lane.config.lane
            config, live = (folder / f"{name}.json" for folder in (self.state.lanes, self.state.live))
            self.state.write(config, lane.config)
            self.state.write(live, lane.live)
            arguments = ("--config", str(config), "--live", str(live))
            workers.append(self._process(f"worker-{name}", arguments, self.stats[name], environment))
        return [*workers, self._dead_letter_handler(lanes, environment)]

    def _dead_letter_handler(self, lanes: Sequence[LaneDocuments], environment: Mapping[str, str]) -> KeptProcess:
        config = DeadLettersConfig(health_address=f"{LOOPBACK}:{free_port()}", lanes=tuple(lanes))
        self.state.write(self.state.dead_letters, config)
        stats = HandlerStats(lanes=self.stats)
        return self._process("dead-letters", ("--dead-letters", str(self.state.dead_letters)), stats, environment)

    def _process(
        self, name: str, arguments: Sequence[str], stats: LaneStats, environment: Mapping[str, str]
    ) -> KeptProcess:
        log, argv = self.state.logs / f"{name}.log", ["laneway_worker", *arguments]
        return KeptProcess(argv, log, stats, lambda: environment, self.children, self.say)
