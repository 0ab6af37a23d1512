"""The short form of `make chaos-gateway`: whoever asks a gateway has an answer, whatever is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.aws.moto import moto_server
from support.chaos.asked import asked
from support.chaos.asking.scene import Load
from support.chaos.judge.answers import answer_figures, lost, violations
from support.chaos.judge.figures import table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(900)  # beside all else that make test runs
LOAD = Load(requests=100, kills=12, per_second=4, emulator=moto_server)


def test_kills_lose_no_answer(tmp_path: Path) -> None:
    found = asked(LOAD, tmp_path)
    broken = violations(found)
    print(f"\ngateway\n{table(answer_figures(found, broken))}")  # noqa: T201 - shown by pytest -s
    assert lost(found) == []
    assert broken == []
    assert sum(found.kills.values()) == LOAD.kills
