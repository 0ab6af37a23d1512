"""`laneway-worker --config lane.json --live live.json`, `--dead-letters handler.json`, or `--preflight pool.json`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from laneway import logs
from laneway.schema.pool.documents.dead_letters import DeadLettersConfig
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.documents.preflight import Finding, Preflight, PreflightCode
from laneway.schema.shared.names import ENGINE_BROKEN_EXIT
from laneway.schema.shared.problems import problems
from laneway_worker import app
from laneway_worker.adapters.document import FileDocument
from laneway_worker.errors import Unavailable
from laneway_worker.live import read_live

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

UNUSABLE = 2
REFUSED = 3
TOLD_TO_LEAVE = 128 + signal.SIGTERM  # as a shell has it

M = TypeVar("M", bound=BaseModel)


def main() -> None:
    """Do what the document says. Exits with 2 and one line where it can't be used, with 3 where AWS refuses, and with 4
    where the engine could not answer for too long.
    """
    asked = _arguments()
    logs.configure("laneway_worker")
    if asked.preflight:
        _check(_read(asked.preflight, Preflight, Preflight.model_validate_json))
    elif asked.dead_letters:
        handler = _read(asked.dead_letters, DeadLettersConfig, DeadLettersConfig.model_validate_json)
        _serve(handler.health_address, lambda: app.run_handler(handler))
    else:
        config = _read(asked.config, LaneConfig, LaneConfig.model_validate_json)
        lane = LaneDocuments(config=config, live=_read(asked.live, LiveConfig, read_live))
        _serve(config.health_address, lambda: _serve_lane(lane, asked.live))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="laneway-worker", description="Serves one lane of a Laneway pool.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", type=Path, metavar="FILE", help="serve the lane of this LaneConfig document (JSON)")
    parser.add_argument(
        "--live",
        type=Path,
        metavar="FILE",
        help="with --config: the lane's LiveConfig document (JSON), which is read again while the worker runs",
    )
    what.add_argument(
        "--dead-letters",
        type=Path,
        metavar="FILE",
        help="serve the dead-letter queues of this DeadLettersConfig document (JSON)",
    )
    what.add_argument(
        "--preflight",
        type=Path,
        metavar="FILE",
        help="write the pool.json of this Preflight document, and try every right that its pool needs",
    )
    asked = parser.parse_args()
    if bool(asked.config) != bool(asked.live):
        parser.error("--config and --live go together: give both documents of the lane")
    return asked


def _read(path: Path, model: type[M], parse: Callable[[bytes], M]) -> M:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        _refuse(UNUSABLE, f"can't read {path}: {error.strerror}")
    except ValidationError as error:
        _refuse(UNUSABLE, f"{path} is not a {model.__name__}: {problems(error)}")


def _serve(health_address: str, run: Callable[[], None]) -> None:
    try:
        run()
    except OSError as error:
        _refuse(UNUSABLE, f"can't serve probes on {health_address}: {error.strerror}; is the port in use?")


def _serve_lane(lane: LaneDocuments, live: Path) -> None:
    if broken := app.run(lane, FileDocument(live), os.environ):
        _refuse(ENGINE_BROKEN_EXIT, broken)


def _check(preflight: Preflight) -> None:
    """A line for each finding, and then the first as JSON: the kubelet keeps it as the pod's last words."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        found = app.check_pool(preflight)
    except Unavailable as error:
        found = [Finding(code=PreflightCode.AWS_REFUSED, message=error.with_advice)]
    if found:
        for each in found:
            sys.stderr.write(f"laneway-worker: {each.message}\n")
        sys.stderr.write(found[0].model_dump_json() + "\n")
        sys.exit(REFUSED)


def _leave(*_: object) -> NoReturn:
    """A container's first process ignores SIGTERM otherwise, and an older preflight could publish after a newer one."""
    sys.exit(TOLD_TO_LEAVE)


def _refuse(code: int, message: str) -> NoReturn:
    sys.stderr.write(f"laneway-worker: {message}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
