from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from laneway_operator.known.observe import DeploymentFacts, PodFacts, Trouble
from laneway_operator.reasons import FIXES, Reason
from laneway_operator.render.meta import Component
from laneway_operator.status.beside.table import table_ready
from laneway_operator.status.conditions import build_status
from support.operator.observed import NOW, WELL

if TYPE_CHECKING:
    from laneway_operator.status.observed import Observed

ASKED = replace(WELL, has_table=True)
IDLE = replace(ASKED, projector=DeploymentFacts(0, 0))
STARTING = replace(ASKED, projector=DeploymentFacts(1, 0))
WRITING = replace(ASKED, projector=DeploymentFacts(1, 1))
QUOTA = Trouble(Reason.QUOTA_EXCEEDED, "exceeded quota: pods")


def pod(reason: Reason, component: Component = Component.PROJECTOR, *, leaving: bool = False) -> PodFacts:
    return PodFacts(None, leaving, None, trouble=Trouble(reason, "what happened"), component=component)


def verdict(observed: Observed) -> tuple[str, Reason]:
    found = table_ready(observed)
    assert found
    return found.status, found.reason


def test_a_pool_without_a_table_has_no_condition_of_one() -> None:
    assert table_ready(WELL) is None
    assert "TableReady" not in {each["type"] for each in build_status(WELL, {}, 1, NOW)["conditions"]}


@pytest.mark.parametrize(
    ("observed", "status", "reason"),
    [
        (IDLE, "True", Reason.TABLE_IDLE),
        (WRITING, "True", Reason.TABLE_WRITING),
        (STARTING, "Unknown", Reason.TABLE_STARTING),
        (ASKED, "Unknown", Reason.TABLE_STARTING),
        (replace(ASKED, queue_trouble=QUOTA), "Unknown", Reason.NOT_LOOKED_AT),
        (replace(ASKED, access=QUOTA), "Unknown", Reason.NOT_LOOKED_AT),
        (replace(ASKED, spec=QUOTA), "Unknown", Reason.NOT_LOOKED_AT),
        (replace(WRITING, spec=QUOTA, has_table=False), "True", Reason.TABLE_WRITING),
        (replace(STARTING, pods=(pod(Reason.CRASHING),)), "False", Reason.TABLE_UNAVAILABLE),
        (replace(STARTING, pods=(pod(Reason.SECRET_MISSING),)), "False", Reason.SECRET_MISSING),
        (replace(STARTING, pods=(pod(Reason.IMAGE_PULL_FAILED),)), "False", Reason.IMAGE_PULL_FAILED),
        (replace(STARTING, pods=(pod(Reason.CRASHING, leaving=True),)), "Unknown", Reason.TABLE_STARTING),
        (replace(STARTING, pods=(pod(Reason.CRASHING, Component.GATEWAY),)), "Unknown", Reason.TABLE_STARTING),
        (replace(ASKED, projector=DeploymentFacts(1, 0, QUOTA)), "False", Reason.QUOTA_EXCEEDED),
        (replace(IDLE, table_troubles=(Trouble(Reason.NAME_TAKEN, "taken"),)), "False", Reason.TABLE_REFUSED),
        (replace(IDLE, table_troubles=(Trouble(Reason.TABLES_OFF, "off"),)), "False", Reason.TABLES_OFF),
        (replace(IDLE, table_troubles=(Trouble(Reason.QUEUE_NOT_OURS, "a"),)), "False", Reason.QUEUE_NOT_OURS),
    ],
)
def test_how_a_table_is(observed: Observed, status: str, reason: Reason) -> None:
    assert verdict(observed) == (status, reason)


@pytest.mark.parametrize(
    "observed",
    [
        replace(STARTING, pods=(pod(Reason.CRASHING),)),
        replace(IDLE, table_troubles=(Trouble(Reason.TABLES_OFF, "off"),)),
        replace(ASKED, projector=DeploymentFacts(1, 0, QUOTA)),
    ],
)
def test_no_trouble_of_a_table_makes_a_pool_unready(observed: Observed) -> None:
    conditions = {each["type"]: each for each in build_status(observed, {}, 1, NOW)["conditions"]}
    assert conditions["TableReady"]["status"] == "False"
    assert conditions["TableReady"]["message"].endswith(FIXES[Reason(conditions["TableReady"]["reason"])])
    assert (conditions["Ready"]["status"], conditions["Ready"]["reason"]) == ("True", Reason.SCALED_TO_ZERO)
