"""The worker without some of its parts, to tell what each costs: PARTS, then the arguments of the worker itself.

PARTS, joined by commas: `looks` (for a result and for a cancel), `engine` (answers come from this process).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laneway import logs
from laneway.schema.job.result import ServedModel
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway_worker import app
from laneway_worker.adapters.aws.clients import make_clients
from laneway_worker.adapters.aws.events import SQSEvents
from laneway_worker.adapters.aws.s3 import S3Store
from laneway_worker.adapters.aws.sns import SNSNotifier
from laneway_worker.adapters.aws.sqs import SQSQueue
from laneway_worker.adapters.checker import ProcessChecker
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.ollama.client import Ollama
from laneway_worker.live import Live, read_live
from laneway_worker.ports.replies import NO_CHANNEL
from laneway_worker.ports.runtime import Answer, silent
from laneway_worker.serving import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.stop import Stop
    from laneway_worker.request.request import Request


class BlindStore(S3Store):
    """Sees nothing without asking."""

    def etag(self, bucket: str, key: str) -> str | None:  # noqa: ARG002 - the port's form
        return None


class Instant:
    """An engine that answers at once."""

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:  # noqa: ARG002 - the port's form
        return ServedModel(name="stub")

    def generate(self, request: Request, stop: Stop, channel: Channel = NO_CHANNEL) -> Answer:  # noqa: ARG002 - the port's form
        return Answer(8, 1, "stop", None, text=" word")

    def prove(self, stop: Stop) -> None:
        """It always can."""

    def serves(self, wanted: int) -> int:
        return wanted

    def facts(self) -> None:
        """Nothing is known."""

    def lingers(self) -> float:
        return 0.0


def main() -> None:
    """Run until SIGTERM, as the worker itself does."""
    parts, config, live = (sys.argv[each] for each in (1, 3, 5))
    lane, without = _read(config, live), set(parts.split(","))
    logs.configure("laneway_worker")
    app._block_signals()
    app._run(_worker(lane, without), lane.config.health_address, {"without": sorted(without)})


def _read(config: str, live: str) -> LaneDocuments:
    return LaneDocuments(
        config=LaneConfig.model_validate_json(Path(config).read_bytes()), live=read_live(Path(live).read_bytes())
    )


def _worker(lane: LaneDocuments, without: set[str]) -> Worker:
    config, live, clock = lane.config, Live(lane.live), SystemClock()
    clients = make_clients(config.region, config.endpoint, config.parallel, config.poll_seconds)
    return Worker(
        config,
        live,
        "bench",
        SQSQueue(clients, config.queue.url, config.visibility_seconds, config.poll_seconds),
        (BlindStore if "looks" in without else S3Store)(clients.s3),
        SNSNotifier(clients.topics),
        SQSEvents(clients),
        Instant() if "engine" in without else Ollama(config.ollama_url, config.model, live, clock),
        ProcessChecker(),
        clock,
    )


if __name__ == "__main__":
    main()
