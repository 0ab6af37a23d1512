"""One worker as `laneway up` runs it: a process on a LaneConfig, an emulator of AWS and any Ollama."""

from __future__ import annotations

import json
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from laneway.client.connection import Connection
from laneway.local.aws.account import Account
from laneway.local.aws.provision import Provisioner
from laneway.schema.pool.documents.lane_config import LaneSettings
from laneway.schema.pool.documents.lane_documents import lane_documents
from laneway.schema.pool.pool import LLMWorkerPool
from support import canary
from support.aws.moto import CREDENTIALS, REGION
from support.local.pool import AWS, environment
from support.processes import free_port, server
from support.worker.documents import written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psutil

    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.lane_documents import LaneDocuments
    from laneway.schema.pool.documents.live_config import LiveConfig

POLL_SECONDS = 1
VISIBILITY_SECONDS = 30


@dataclass(frozen=True)
class WorkerProcess:
    """A running worker."""

    config: LaneConfig
    live: LiveConfig
    process: psutil.Process
    log_file: Path
    account: Account

    @cached_property
    def aws(self) -> AWS:
        """The AWS that it uses."""
        account = self.account
        return AWS(
            Connection(
                place=self.config.results,
                endpoint=account.endpoint,
                region=account.region,
                access_key_id=account.access_key_id,
                secret_access_key=account.secret_access_key,
            )
        )

    @property
    def log(self) -> str:
        """Everything that it has said."""
        return self.log_file.read_text(errors="replace")

    def metrics(self) -> str:
        """Its page for Prometheus."""
        with urllib.request.urlopen(f"http://{self.config.health_address}/metrics", timeout=10) as answer:
            return canary.saw(str(answer.read(), "utf-8"), f"/metrics of {self.config.pool}/{self.config.lane}")


@contextmanager
def worker_process(
    folder: Path, pool: dict[str, Any], endpoint: str, ollama_url: str, **variables: str
) -> Iterator[WorkerProcess]:
    """The worker of a pool's first lane, with all that the pool wants of AWS; at the end it is gone."""
    account = Account(REGION, endpoint, CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    port = free_port()
    lane = _provisioned(LLMWorkerPool.model_validate_json(json.dumps(pool)), account, ollama_url, f"127.0.0.1:{port}")
    log = folder / "worker.log"
    command = [sys.executable, "-P", "-m", "laneway_worker", *written(lane, folder, "lane")]
    given = environment(**CREDENTIALS, **variables)
    with server(command, given, port, log) as process:
        yield WorkerProcess(lane.config, lane.live, process, log, account)


def _provisioned(pool: LLMWorkerPool, account: Account, ollama_url: str, health_address: str) -> LaneDocuments:
    provisioner = Provisioner(account, "tests@here-00000000")
    lane = pool.spec.lanes[0]
    for place in (pool.results, *pool.destinations.values()):
        provisioner.bucket(place.bucket)
    settings = LaneSettings(
        queue=provisioner.queues(pool, lane),
        region=account.region,
        endpoint=account.endpoint,
        topic_arn=provisioner.topic(pool),
        ollama_url=ollama_url,
        health_address=health_address,
        visibility_seconds=VISIBILITY_SECONDS,
        poll_seconds=POLL_SECONDS,
    )
    return lane_documents(pool, lane, settings)
