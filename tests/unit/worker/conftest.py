from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.worker.lane import Lane, documents_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_worker.testing.runtime import Step
    from support.worker.lane import MakeLane


@pytest.fixture
def make_lane() -> Iterator[MakeLane]:
    """Builds lanes with a running worker; afterwards every thread has ended and none has raised."""
    lanes: list[Lane] = []

    def make(*script: Step, start: bool = True, limits: dict[str, Any] | None = None, **config: Any) -> Lane:
        lane = Lane(documents_with(limits, **config), *script)
        lanes.append(lane)
        if start:
            lane.start()
        return lane

    yield make
    for lane in lanes:
        lane.close()
        assert lane.clock.errors == []
