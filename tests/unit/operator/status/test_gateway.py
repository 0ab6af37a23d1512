from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from laneway_operator.known.observe import DeploymentFacts, PodFacts, Trouble
from laneway_operator.reasons import FIXES, Reason
from laneway_operator.render.meta import Component
from laneway_operator.status.beside.gateway import gateway_ready
from laneway_operator.status.conditions import build_status
from support.operator.observed import NOW, WELL

if TYPE_CHECKING:
    from laneway_operator.status.observed import Observed

AT = "http://documents-gateway.nlp"
ASKED = replace(WELL, gateway_at=AT)
SERVING = replace(ASKED, gateway=DeploymentFacts(2, 2))
STARTING = replace(ASKED, gateway=DeploymentFacts(2, 0))
QUOTA = Trouble(Reason.QUOTA_EXCEEDED, "exceeded quota: pods")


def pod(reason: Reason, component: Component = Component.GATEWAY, *, leaving: bool = False) -> PodFacts:
    return PodFacts(None, leaving, None, trouble=Trouble(reason, "what happened"), component=component)


def verdict(observed: Observed) -> tuple[str, Reason]:
    found = gateway_ready(observed)
    assert found
    return found.status, found.reason


def test_a_pool_without_gateways_has_no_condition_of_them() -> None:
    assert gateway_ready(WELL) is None
    assert "GatewayReady" not in {each["type"] for each in build_status(WELL, {}, 1, NOW)["conditions"]}


@pytest.mark.parametrize(
    ("observed", "status", "reason"),
    [
        (SERVING, "True", Reason.GATEWAY_SERVING),
        (replace(ASKED, gateway=DeploymentFacts(3, 1)), "True", Reason.GATEWAY_SERVING),
        (STARTING, "Unknown", Reason.GATEWAY_STARTING),
        (ASKED, "Unknown", Reason.GATEWAY_STARTING),
        (replace(ASKED, queue_trouble=QUOTA), "Unknown", Reason.NOT_LOOKED_AT),
        (replace(ASKED, access=QUOTA), "Unknown", Reason.NOT_LOOKED_AT),
        (replace(ASKED, spec=QUOTA), "Unknown", Reason.NOT_LOOKED_AT),
        (replace(SERVING, spec=QUOTA, gateway_at=None), "True", Reason.GATEWAY_SERVING),
        (replace(ASKED, gateway=DeploymentFacts(0, 0)), "False", Reason.GATEWAY_UNAVAILABLE),
        (replace(STARTING, pods=(pod(Reason.CRASHING),)), "False", Reason.GATEWAY_UNAVAILABLE),
        (replace(STARTING, pods=(pod(Reason.GATEWAY_KEYS_MISSING),)), "False", Reason.GATEWAY_KEYS_MISSING),
        (replace(STARTING, pods=(pod(Reason.IMAGE_PULL_FAILED),)), "False", Reason.IMAGE_PULL_FAILED),
        (replace(STARTING, pods=(pod(Reason.UNSCHEDULABLE),)), "False", Reason.UNSCHEDULABLE),
        (replace(ASKED, gateway=DeploymentFacts(2, 0, QUOTA)), "False", Reason.QUOTA_EXCEEDED),
        (replace(STARTING, pods=(pod(Reason.CRASHING, leaving=True),)), "Unknown", Reason.GATEWAY_STARTING),
        (replace(STARTING, pods=(pod(Reason.CRASHING, Component.WORKER),)), "Unknown", Reason.GATEWAY_STARTING),
        (replace(SERVING, pods=(pod(Reason.CRASHING),)), "True", Reason.GATEWAY_DEGRADED),
        (replace(ASKED, gateway=DeploymentFacts(2, 2, stuck=True)), "True", Reason.GATEWAY_DEGRADED),
        (replace(ASKED, gateway=DeploymentFacts(2, 0, stuck=True)), "False", Reason.GATEWAY_UNAVAILABLE),
        (
            replace(SERVING, gateway_troubles=(Trouble(Reason.NAME_TAKEN, "Service a: not ours"),)),
            "False",
            Reason.GATEWAY_REFUSED,
        ),
        (replace(ASKED, gateway_troubles=(Trouble(Reason.GATEWAYS_OFF, "off"),)), "False", Reason.GATEWAYS_OFF),
    ],
)
def test_how_gateways_are(observed: Observed, status: str, reason: Reason) -> None:
    assert verdict(observed) == (status, reason)


@pytest.mark.parametrize(
    "observed",
    [
        replace(ASKED, gateway=DeploymentFacts(0, 0)),
        replace(STARTING, pods=(pod(Reason.CRASHING),)),
        replace(ASKED, gateway_troubles=(Trouble(Reason.GATEWAYS_OFF, "off"),)),
        replace(ASKED, gateway=DeploymentFacts(2, 0, QUOTA)),
    ],
)
def test_a_gateway_that_is_down_informs_and_nothing_else_is_as_it_were(observed: Observed) -> None:
    with_gateway = {each["type"]: each for each in build_status(observed, {}, 1, NOW)["conditions"]}
    without = {each["type"]: each for each in build_status(WELL, {}, 1, NOW)["conditions"]}
    assert with_gateway.pop("GatewayReady")["status"] == "False"
    assert with_gateway == without


def test_clients_are_told_where_it_is_and_people_what_to_do() -> None:
    (told,) = (each for each in build_status(SERVING, {}, 1, NOW)["conditions"] if each["type"] == "GatewayReady")
    assert told["message"] == "2 of 2 gateways are ready, at http://documents-gateway.nlp"
    off = replace(ASKED, gateway_troubles=(Trouble(Reason.GATEWAYS_OFF, "off"),))
    (told,) = (each for each in build_status(off, {}, 1, NOW)["conditions"] if each["type"] == "GatewayReady")
    assert told["message"].endswith(FIXES[Reason.GATEWAYS_OFF])


def test_the_rest_of_a_pool_is_looked_at_again_for_a_gateway_only_where_that_may_help() -> None:
    assert not SERVING.retry
    assert not replace(ASKED, gateway_troubles=(Trouble(Reason.GATEWAYS_OFF, "off"),)).retry
    assert replace(ASKED, gateway_troubles=(Trouble(Reason.NAME_TAKEN, "taken"),)).retry
