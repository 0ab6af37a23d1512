"""Waits of real jobs: the library foretells, a real worker serves two slots of a stub of Ollama behind an emulator."""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from bench.estimate.lane import Wait
from bench.worker.emulator import BUCKET, KEY, SECRET, emulator
from bench.worker.lanes import lane_documents, stub_engine, worker
from laneway.client.connection import CONNECTION_FILE, Connection
from laneway.client.pool import Pool
from laneway.schema.estimate.reckon import ENOUGH_JOBS
from laneway.schema.pool.documents.pool_document import pool_document
from support.aws.moto import REGION
from support.waiting import eventually

if TYPE_CHECKING:
    from bench.worker.emulator import Emulator
    from laneway.client.handles import JobHandle
    from laneway.schema.pool.documents.lane_documents import LaneDocuments

TOKEN_SECONDS = 0.05
MEAN_TOKENS = 30
SIGMA = 0.5
SLOTS = 2
WARM = 40
WAVES = 30
WAVE = (4, 30)
PATIENCE = 600.0


def measured() -> list[Wait]:
    """The waits of all waves after the warm-up."""
    with (
        tempfile.TemporaryDirectory() as name,
        emulator("moto", Path(name)) as aws,
        stub_engine(Path(name), TOKEN_SECONDS) as url,
    ):
        documents = lane_documents(aws, parallel=SLOTS, ollama_url=url)
        pool = _pool(documents, aws, Path(name))
        with worker(documents, Path(name)):
            return _waves(pool)


def _pool(documents: LaneDocuments, aws: Emulator, folder: Path) -> Pool:
    place = documents.config.results
    body = pool_document([documents]).model_dump_json().encode()
    aws.s3.put_object(Bucket=BUCKET, Key=place.pool_document(), Body=body)
    found = Connection(place=place, endpoint=aws.endpoint, region=REGION, access_key_id=KEY, secret_access_key=SECRET)
    (folder / CONNECTION_FILE).write_text(found.model_dump_json())
    return Pool(str(folder))


def _waves(pool: Pool) -> list[Wait]:
    dice = Random(1)  # noqa: S311 - dice, no secret
    for handle in [_send(pool, dice) for _ in range(WARM)]:
        handle.wait(PATIENCE)
    eventually(lambda: len(((known := pool.known()) and known.run_seconds) or ()) >= ENOUGH_JOBS, PATIENCE)
    found: list[Wait] = []
    for _ in range(WAVES):
        handles = [_send(pool, dice) for _ in range(dice.randint(*WAVE))]
        found += [wait for each in handles if (wait := _wait(pool, each)) is not None]
        time.sleep(dice.random())  # the load, not the measurement
    return found


def _send(pool: Pool, dice: Random) -> JobHandle:
    tokens = max(1, round(dice.lognormvariate(math.log(MEAN_TOKENS) - SIGMA**2 / 2, SIGMA)))
    return pool.submit("Paris?", options={"num_predict": tokens})


def _wait(pool: Pool, handle: JobHandle) -> Wait | None:
    queued = handle.wait(PATIENCE).timing.queued_seconds
    told, known = handle.estimate, pool.known()
    if told is None or told.known != "range" or known is None:
        return None
    mean = sum(known.run_seconds) / len(known.run_seconds)
    return Wait(told, max(0, told.ahead + 1) * mean / SLOTS, queued)
