"""How Argo CD judges a pool: the script that we ship, by Lua 5.1, on statuses as the operator writes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lupa.lua51
import pytest
import yaml

from laneway.schema.pool.metadata import Suspension
from laneway_operator.known.observe import DeploymentFacts
from laneway_operator.status.conditions import build_status
from support.golden_status import NOW, OBSERVED

if TYPE_CHECKING:
    from laneway_operator.status.observed import Observed

FILE = Path(__file__).parents[4] / "examples" / "argocd" / "argocd-cm.yaml"
KEY = "resource.customizations.health.laneway.dev_LLMWorkerPool"
AT_ZERO = OBSERVED["at-zero"]


def health(status: dict[str, Any] | None, generation: int = 3) -> tuple[str, str]:
    """As Argo CD runs it: `obj` is global, and the answer a table."""
    lua = lupa.lua51.LuaRuntime()
    pool = {"metadata": {"generation": generation}} | ({} if status is None else {"status": status})
    lua.globals().obj = lua.table_from(pool, recursive=True)
    found = lua.execute(yaml.safe_load(FILE.read_text())["data"][KEY])
    return found["status"], found["message"]


def judged(observed: Observed, old: dict[str, Any] | None = None) -> str:
    return health(build_status(observed, old or {}, 3, NOW))[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("at-zero", "Healthy"),
        ("rolling-out", "Progressing"),
        ("sixteen-lanes", "Degraded"),
        ("a-queue-out-of-reach", "Degraded"),
        ("an-unknown-engine", "Degraded"),
    ],
)
def test_a_status_is_judged(name: str, expected: str) -> None:
    status = build_status(OBSERVED[name], {}, 3, NOW)
    found, message = health(status)
    assert found == expected
    assert message in {each["message"] for each in status["conditions"]}


def test_every_golden_status_is_judged() -> None:
    assert {judged(each) for each in OBSERVED.values()} == {"Healthy", "Progressing", "Degraded"}


def test_what_somebody_has_stopped_is_suspended() -> None:
    for why in (Suspension.POOL, Suspension.PAUSED_POOL):
        assert judged(replace(AT_ZERO, suspended={"fast": why})) == "Suspended"


def test_workers_that_start_are_awaited_in_a_new_generation_and_are_well_in_an_old_one() -> None:
    starting = replace(AT_ZERO, deployments={"fast": DeploymentFacts(1, 0)})
    assert judged(starting) == "Progressing"
    assert judged(starting, build_status(AT_ZERO, {}, 3, NOW)) == "Healthy"


def test_a_stuck_rollout_is_told_by_its_own_words() -> None:
    observed = replace(AT_ZERO, deployments={"fast": DeploymentFacts(2, 1, outdated=1, stuck=True)})
    found, message = health(build_status(observed, build_status(AT_ZERO, {}, 3, NOW), 3, NOW))
    assert (found, message.partition(":")[0]) == ("Degraded", "lane fast")


@pytest.mark.parametrize("status", [None, {}, {"observedGeneration": 4, "conditions": []}])
def test_a_pool_that_the_operator_has_not_seen_is_awaited(status: dict[str, Any] | None) -> None:
    assert health(status, 4)[0] == "Progressing"


def test_a_status_of_the_generation_before_says_nothing() -> None:
    assert health(build_status(AT_ZERO, {}, 3, NOW), 4)[0] == "Progressing"
