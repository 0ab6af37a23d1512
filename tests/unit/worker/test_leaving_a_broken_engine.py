"""A worker whose engine is given up ends as if it were told to."""

from __future__ import annotations

import subprocess
import sys

LEAVING = """
import signal, threading
from types import SimpleNamespace
from laneway_worker.app import SIGNALS, leave_when_spent

signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
engine = SimpleNamespace(spent=True, trouble="HTTP 500")
threading.Thread(target=leave_when_spent, args=(engine,), daemon=True).start()
print(signal.sigwait(SIGNALS).name)
"""


def test_an_engine_that_is_given_up_is_a_sigterm_to_its_worker() -> None:
    done = subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "SIGTERM\n"
