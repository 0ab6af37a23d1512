"""`python -m laneway.local.processes.child PARENT SIGNAL PROGRAM ARGUMENT…` becomes the program.

It gets the signal if its parent dies.

Linux only (prctl(2), PR_SET_PDEATHSIG); elsewhere a killed `laneway up` leaves its children to the next one, which
finds them in the state folder.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask for the signal, then exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(sys.argv[2]), 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(0)  # the parent died before we could ask
    os.execvp(sys.argv[3], sys.argv[3:])  # noqa: S606 - a list of arguments without a shell


if __name__ == "__main__":
    main()
