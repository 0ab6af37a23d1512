from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from laneway.local.aws.server import OnePutAtATime
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable

OVERLAP_SECONDS = 0.3  # how long a request waits for another one to come in


class Counting:
    """An application whose requests wait for each other, and count who is there."""

    def __init__(self) -> None:
        self.both = threading.Barrier(2)
        self.overlapped = False

    def __call__(self, _environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        try:
            self.both.wait(OVERLAP_SECONDS)
            self.overlapped = True
        except threading.BrokenBarrierError:
            pass
        return [b""]


@pytest.mark.parametrize(("method", "together"), [("PUT", False), ("POST", True), ("GET", True)])
def test_conditional_writes_have_one_winner_because_puts_never_overlap(method: str, together: bool) -> None:  # noqa: FBT001 - a column of the table
    application = Counting()
    server = OnePutAtATime(application)
    requests = [in_thread(lambda: server({"REQUEST_METHOD": method}, None)) for _ in range(2)]
    for request in requests:
        request.result(timeout=10)
    assert application.overlapped is together
