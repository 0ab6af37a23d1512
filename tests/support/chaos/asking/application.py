"""An application that asks: what fails is read by its job's id, and where that is not known, asked for again."""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from laneway.schema.job.result import Result
from support.chaos.asking.asks import Leaves
from support.chaos.asking.ends import End, Heard, Outcome

if TYPE_CHECKING:
    from support.chaos.asking.asks import Ask
    from support.chaos.asking.clients import Clients

GIVES_UP_SECONDS = 240.0
UNKNOWN_SECONDS = 12.0  # what follows a job into the bucket is tried for so long
WAIT_SECONDS = 20
PAUSE_SECONDS = 0.5


class Application:
    """One request's."""

    def __init__(self, clients: Clients, ask: Ask) -> None:
        """It gives up some minutes from now."""
        self.outcome = Outcome(ask)
        self._clients = clients
        self._ask = ask
        self._pause = threading.Event()
        self._until = time.monotonic() + GIVES_UP_SECONDS

    def run(self) -> Outcome:
        """Ask until it has an answer, or a result."""
        began = time.monotonic()
        while not (self._asked() or self._read()) and time.monotonic() < self._until:
            self._pause.wait(PAUSE_SECONDS)
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _asked(self) -> bool:
        """Whether there is nothing more to do."""
        heard = Heard()
        self.outcome.calls.append(heard)
        self._clients.call(self._ask, heard)
        return heard.end in (End.ANSWERED, End.LEFT)

    def _read(self) -> bool:
        """Whether the job of the last call has told its result."""
        job_id = self.outcome.last.job_id
        if job_id is None:
            return self._ask.leaves is not Leaves.NEVER  # nobody is there who would ask again
        self.outcome.result = self.result(job_id)
        if self.outcome.result is None:
            self.outcome.unknown.append(job_id)
        return self.outcome.result is not None

    def result(self, job_id: str) -> Result | None:
        """None where no gateway knows the job."""
        known_until = time.monotonic() + UNKNOWN_SECONDS
        while time.monotonic() < self._until:
            found = self._got(job_id)
            if found is not None and found.status_code == HTTPStatus.OK:
                return Result.model_validate_json(found.content)
            if found is None or found.status_code != HTTPStatus.NOT_FOUND:
                known_until = time.monotonic() + UNKNOWN_SECONDS
            if time.monotonic() > known_until:
                return None
            self._pause.wait(PAUSE_SECONDS)
        return None

    def _got(self, job_id: str) -> httpx.Response | None:
        try:
            return self._clients.http.get(f"/jobs/{job_id}/result", params={"wait": WAIT_SECONDS})
        except httpx.TransportError:
            return None
