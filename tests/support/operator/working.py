"""A worker as a process, on the documents that an operator has rendered for a lane of one pool."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from laneway.client.connection import CONNECTION_FILE, Connection
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.documents.pool_document import pool_document
from support.aws.moto import CREDENTIALS
from support.local.pool import environment
from support.processes import free_port, server
from support.worker.documents import written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.operator.process import Place

POD = "7d9f8c6b5d-x2x4z"
"""How a pod's name ends, after its Deployment's."""
NEARBY = {"pod_reports": False, "poll_seconds": 1, "visibility_seconds": 25, "local": True}
"""What a worker without a pod can't do, what makes a test short, and gateways on this machine."""


@contextmanager
def rendered_worker(place: Place, folder: Path, ollama_url: str, pool: str = "documents") -> Iterator[str]:
    """It serves the lane `default`; the answer is where its metrics are. At the end it is gone."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    lane = _documents(place, pool)
    nearby = {**NEARBY, "ollama_url": ollama_url, "health_address": address}
    moved = LaneDocuments(config=lane.config.model_copy(update=nearby), live=lane.live)
    command = [sys.executable, "-P", "-m", "laneway_worker", *written(moved, folder, f"{place.namespace}-{pool}")]
    log = folder / f"worker-{place.namespace}-{pool}.log"
    with server(command, environment(**CREDENTIALS), port, log):
        yield address


def publish(place: Place, folder: Path, pool: str = "documents") -> None:
    """Write the pool's `pool.json`, as its preflight does, and into the folder how to find it."""
    lane = _documents(place, pool)
    results, keys = lane.config.results, (CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    body = pool_document([lane]).model_dump_json().encode()
    place.operated.s3().put_object(Bucket=results.bucket, Key=results.pool_document(), Body=body)
    connection = Connection(
        place=results,
        endpoint=lane.config.endpoint,
        region=lane.config.region,
        access_key_id=keys[0],
        secret_access_key=keys[1],
    )
    (folder / CONNECTION_FILE).write_text(connection.model_dump_json())


def _documents(place: Place, pool: str) -> LaneDocuments:
    selector = f"--selector=laneway.dev/pool={pool},laneway.dev/lane=default"
    found = json.loads(place.kubectl("get", "configmaps", selector, "--output=json"))["items"]
    files = {name: text for each in found for name, text in each["data"].items()}
    config, live = (
        LaneConfig.model_validate_json(files["lane.json"]),
        LiveConfig.model_validate_json(files["live.json"]),
    )
    return LaneDocuments(config=config, live=live)
