"""A dashboard that is asked without a network, at a time that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.testclient import TestClient

from laneway_dashboard.ports.visitors import Role
from laneway_dashboard.testing.clock import ManualClock
from laneway_dashboard.testing.worlds import WORLDS
from support.dashboard.running import Made, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_dashboard.testing.worlds import World

HOST = "127.0.0.1:8000"
SAME = {"sec-fetch-site": "same-origin"}


class Asking:
    """A browser that has opened the link."""

    def __init__(self, world: str, role: Role = Role.OPERATOR) -> None:
        self.clock = ManualClock()
        self.world: World = WORLDS[world](self.clock)
        self.later: list[Callable[[], None]] = []
        """What runs beside the pages: when the test says so."""
        self.made: Made = made([self.world.ports], self.clock, role, self.later.append)
        self.client = TestClient(
            self.made.application.asgi(frozenset({HOST})), f"http://{HOST}", follow_redirects=False
        )

    def enter(self) -> Asking:
        answer = self.client.get(f"/enter?token={self.made.tokens[-1]}")
        assert answer.status_code == 303, answer.text
        return self

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, **form: str) -> str:
        """Where it leads."""
        answer = self.client.post(path, data=form, headers=SAME)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def run(self) -> None:
        """Let everything come to its end that was begun."""
        while self.later:
            self.later.pop(0)()
