from __future__ import annotations

import subprocess
import sys

ASK = "import sys; from laneway.cli.main import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
SLOW = ("boto3", "httpx", "rich", "laneway.client.pool", "laneway.schema.job.job")
"""What a command may need and its help must not wait for."""


def test_help_loads_nothing_that_takes_long() -> None:
    said = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True).stdout
    words, _, loaded = said.rstrip().rpartition("\n")
    assert set(SLOW) & set(loaded.split()) == set()
    assert "Send jobs; --wait prints the answers." in words
    assert "..." not in words.partition("Commands:")[2]
