from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.local.pool import environment, require_ollama

DEMO = Path(__file__).parents[2] / "examples" / "documents" / "demo.py"
SECONDS = 1500
PER_KIND = 2  # the whole corpus, `make demo`, takes both cores for minutes
KINDS = 6


@pytest.mark.timeout(SECONDS)
def test_the_demo_loses_nothing(tmp_path: Path) -> None:
    require_ollama()

    done = subprocess.run(
        [sys.executable, str(DEMO), "--per-kind", str(PER_KIND)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "kill -9" in done.stdout
    told = ("of silence, and is what its result in S3 says", "The new answer began otherwise, and the stream ended")
    assert any(each in " ".join(done.stdout.split()) for each in told)
    jobs = PER_KIND * KINDS
    assert f"{jobs} jobs, {jobs} results, 0 lost, 0 without an answer, 0 messages left" in done.stdout
    assert "nothing is left running" in done.stderr
