"""Child processes, each with its own process group, so that nothing is left behind: not even Ollama's runners."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PYTHON = (sys.executable, "-P")
"""The interpreter, not importing from the folder that the user happens to be in."""
MOTOS = ("MOTO_", "TEST_SERVER_MODE", "TEST_PROXY_MODE", "INITIAL_NO_AUTH_ACTION_COUNT", "S3_IGNORE_SUBDOMAIN_")
"""How the variables begin that change what moto does; among them its account, which all that is kept belongs to."""
TERM_SECONDS = 10.0
POLL_SECONDS = 0.05
STARTTIME = 19  # proc(5): field 22 of stat, counted from the third


class Child:
    """A running process."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Started by `Children.start`."""
        self.name = name
        self.process = process
        self.started = started_at(process.pid)

    @property
    def pid(self) -> int:
        """Also the id of its process group."""
        return self.process.pid

    @property
    def output(self) -> IO[bytes]:
        """Its standard output, where it was started with a pipe."""
        assert self.process.stdout is not None  # noqa: S101 - asked only of piped children
        return self.process.stdout

    def signal(self, number: signal.Signals) -> None:
        """Signal the process alone."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self, seconds: float = TERM_SECONDS) -> None:
        """SIGTERM, then after `seconds` SIGKILL; either way the whole group is gone afterwards."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        kill_group(self.pid)
        self.process.wait()


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """For a child that has no business in the user's accounts."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def self_contained(environment: Mapping[str, str]) -> dict[str, str]:
    """For a child of an AWS of its own: what the user has set for AWS, in files too, and for moto, is not for it."""
    kept = {name: value for name, value in without_aws(environment).items() if not name.startswith(MOTOS)}
    files = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    return kept | dict.fromkeys(files, os.devnull) | {"AWS_EC2_METADATA_DISABLED": "true"}


def how_ended(child: Child) -> str:
    """The signal or exit code of a child that has ended."""
    code = child.process.returncode
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class Children:
    """The children of this `laneway up`, recorded in a file: what a killed one left, the next one ends."""

    def __init__(self, record: Path) -> None:
        """`record` is in the state folder."""
        self._record = record
        self._lock = threading.Lock()
        self._running: list[Child] = []

    def start(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        log: Path | None = None,
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Start a program that gets the signal `orphaned` if we die. Its output goes to `log`, or to a pipe where there
        is none. Call from a lasting thread: the kernel takes its end for ours.
        """
        command = [*PYTHON, "-m", "laneway.local.processes.child", str(os.getpid()), str(int(orphaned)), *argv]
        with _signals_deferred():
            child = Child(name, self._spawn(command, environment, log))
            with self._lock:
                running = [each for each in self._running if each.process.poll() is None or _group_lives(each.pid)]
                self._running = [*running, child]
                self._write()
        return child

    @staticmethod
    def _spawn(command: Sequence[str], environment: Mapping[str, str], log: Path | None) -> subprocess.Popen[bytes]:
        with contextlib.ExitStack() as stack:
            sink = stack.enter_context(log.open("ab")) if log else subprocess.PIPE
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    def end_all(self) -> None:
        """Whatever still runs is ended by force: the last thing that `laneway up` does."""
        with self._lock:
            for child in self._running:
                if _is_left(child.pid, child.started):
                    kill_group(child.pid)
            self._running = []
            self._record.unlink(missing_ok=True)

    def _write(self) -> None:
        rows = [{"name": each.name, "pid": each.pid, "started": each.started} for each in self._running]
        draft = self._record.with_suffix(".new")
        draft.write_text(json.dumps({"boot": _boot(), "children": rows}) + "\n")
        draft.replace(self._record)

    def end_leftovers(self) -> list[str]:
        """End what a killed `laneway up` left; returns the names. A pid that now is another process is left alone."""
        try:
            record = json.loads(self._record.read_text())
            rows = record["children"] if record["boot"] == _boot() else []
        except (OSError, ValueError, KeyError, TypeError):
            return []
        left = [row for row in rows if _is_left(row["pid"], row["started"])]
        for row in left:
            _end(row["pid"])
        self._record.unlink(missing_ok=True)
        return [str(row["name"]) for row in left]


def _is_left(pid: int, started: str | None) -> bool:
    """Whether a child or what it started is there: a group's id is not given away while a member lives."""
    now = started_at(pid)
    return started is not None and (now == started or (now is None and _group_lives(pid)))


def _group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + TERM_SECONDS
    while _group_lives(pid) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    kill_group(pid)


def kill_group(pid: int) -> None:
    """SIGKILL to whatever is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Ctrl-C between starting a process and writing it down would leave it running: it waits until that is done."""
    caught: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda got, _: caught.append(got)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for got in caught:
        signal.raise_signal(got)


def started_at(pid: int) -> str | None:
    """What tells a process from a later one of the same pid: its start time; None where it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # proc(5): a name may hold spaces
    except OSError:
        return _asked_of_ps(pid)
    return None if fields[0] == "Z" else fields[STARTTIME]


def _asked_of_ps(pid: int) -> str | None:
    if sys.platform == "linux":
        return None
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.split(maxsplit=1)[-1]


def _boot() -> str:
    """Pids mean nothing after a restart of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
