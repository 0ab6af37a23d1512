"""`laneway-worker --config lane.json`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from laneway.schema.base import problems
from laneway.schema.lane_config import LaneConfig
from laneway_worker import app, logs


def main() -> None:
    """Read the document and run; exits with 2 and one line where the document can't be used."""
    parser = argparse.ArgumentParser(prog="laneway-worker", description="Serves one lane of a Laneway pool.")
    parser.add_argument("--config", required=True, type=Path, help="the lane's LaneConfig document (JSON)")
    path = parser.parse_args().config
    try:
        config = LaneConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        sys.exit(_refuse(f"can't read {path}: {error.strerror}"))
    except ValidationError as error:
        sys.exit(_refuse(f"{path} is not a LaneConfig: {problems(error)}"))
    logs.configure()
    try:
        app.run(config)
    except OSError as error:
        sys.exit(_refuse(f"can't serve probes on {config.health_address}: {error.strerror}; is the port in use?"))


def _refuse(message: str) -> int:
    sys.stderr.write(f"laneway-worker: {message}\n")
    return 2


if __name__ == "__main__":
    main()
