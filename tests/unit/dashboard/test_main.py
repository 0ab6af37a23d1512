from __future__ import annotations

import subprocess
import sys


def test_its_help_leads_to_what_it_reads() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "laneway_dashboard", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "laneway-dashboard" in done.stdout
    assert "LANEWAY_DASHBOARD_*" in " ".join(done.stdout.split())
