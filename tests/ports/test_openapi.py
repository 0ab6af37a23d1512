"""The doors keep to their OpenAPI document, by Schemathesis: it forbids what is refused, and knows what is answered."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.doors.answering import answering
from support.doors.served import KEY

TESTS = Path(__file__).parents[1]
CONFIG = TESTS / "data" / "input" / "schemathesis.toml"
FUZZ = "LANEWAY_FUZZ" in os.environ
PHASES, EXAMPLES = ("coverage,fuzzing,stateful", "200") if FUZZ else ("coverage,stateful", "5")
SECONDS = 3600 if FUZZ else 900  # some 40 s of CPU; a machine may have a lot else to do
MOST_SHOWN = 8000  # characters: it quotes requests whole


@pytest.mark.timeout(SECONDS)
def test_the_doors_keep_to_their_document(tmp_path: Path) -> None:
    with answering() as (world, served):
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"),
                *(f"{served.url}/openapi.json", "--header", f"Authorization: Bearer {KEY}"),
                *("--phases", PHASES, "--max-examples", EXAMPLES, "--workers", "1", "--output-truncate", "true"),
            ],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(TESTS), "SCHEMATHESIS_HOOKS": "support.doors.schemathesis_hooks"},
            capture_output=True,
            text=True,
            check=False,
        )
        answered = len(world.sent)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-MOST_SHOWN:]
    assert re.search(r"Tested: (\d+)", ran.stdout)
    assert answered > 100, "most requests were refused: nothing was seen of answers"
