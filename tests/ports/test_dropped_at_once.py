"""Jobs whose clients go as they begin: hang-ups at a gateway make it an everyday thing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from laneway_worker.adapters.clock import SystemClock
from laneway_worker.errors import Interrupted
from laneway_worker.ports.stop import Stop, StopReason
from support.inputs.requests import request
from support.ollama.real import SMOLLM, ollama_server
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from laneway_worker.adapters.ollama.client import Ollama
    from laneway_worker.ports.runtime import Answer

DELAYS = [number / 1000 for number in range(1, 21)]  # seconds: before, while and after a request is taken up
SECONDS = 30.0
LONG = {"num_predict": 512}


def cancelled(adapter: Ollama, after: float) -> Future[Answer]:
    stop = Stop(SystemClock().condition())
    working = in_thread(lambda: adapter.generate(request(SMOLLM, prompt="hi", options=LONG), stop))
    threading.Timer(after, stop.set, (StopReason.CANCELLED,)).start()
    return working


def test_ollama_lets_go_of_requests_that_are_cancelled_as_they_begin(tmp_path: Path) -> None:
    with ollama_server(tmp_path) as own:
        adapter = own.adapter(SMOLLM)
        adapter.prepare()
        for each in [cancelled(adapter, after) for after in DELAYS]:
            with pytest.raises(Interrupted):
                each.result(SECONDS)
        eventually(lambda: adapter.lingers() == 0, SECONDS)
