"""With how many pods a Deployment begins, and who owns that number: what is asked of the API server."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from laneway_operator.cluster.kubernetes import SEED_MANAGER, KubernetesCluster
from laneway_operator.known.digest import FIELD_MANAGER
from laneway_operator.render import render
from laneway_operator.render.meta import REPLICAS
from laneway_operator.testing.cluster import fields_of
from support.inputs.pools import named, pool_with
from support.operator.in_memory import GATED, UID, pool_view

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest

LANE = "documents-default"
GATEWAYS = "documents-gateway-for-all-lanes"


class Server:
    """An API server with at most one Deployment."""

    def __init__(self, live: Manifest | None = None) -> None:
        self.live = live
        self.patches: list[tuple[str, Any]] = []
        """Field manager, and the replicas that it names."""

    def call(self, verb: str, _: str, query: dict[str, str] | None, body: Manifest | None, *__: Any) -> Any:
        if verb == "GET" or body is None or query is None:
            return self.live
        self.patches.append((query["fieldManager"], body["spec"].get("replicas")))
        if self.live is None or query["fieldManager"] == FIELD_MANAGER:
            self.live = copy.deepcopy(body)
        ours = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields_of(body)}
        self.live["metadata"]["managedFields"] = [ours]
        return self.live


def deployment(name: str, **gateway: Any) -> Manifest:
    document = named(pool_with(gateway={"keys": {"secretName": "keys"}} | gateway))
    return next(each for each in render(pool_view(document, GATED)) if _is(each, name))


def _is(manifest: Manifest, name: str) -> bool:
    return (manifest["kind"], manifest["metadata"]["name"]) == ("Deployment", name)


def there(manifest: Manifest, replicas: int, *, owned: bool = False) -> Manifest:
    """As it was applied before; somebody has set its replicas since, or it was all that was done."""
    live = copy.deepcopy(manifest)
    live["spec"]["replicas"] = replicas
    fields = fields_of(live if owned else manifest)
    live["metadata"]["managedFields"] = [{"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields}]
    assert live["metadata"]["ownerReferences"][0]["uid"] == UID
    return live


def applied(manifest: Manifest, live: Manifest | None = None) -> list[tuple[str, Any]]:
    server = Server(live)
    KubernetesCluster(server, lambda: 60.0).apply(manifest)  # type: ignore[arg-type] # because it is only called
    return server.patches


@pytest.mark.parametrize(("name", "replicas"), [(LANE, 0), (GATEWAYS, 3)])
def test_a_new_one_gets_its_number_from_a_second_manager(name: str, replicas: int) -> None:
    assert applied(deployment(name, replicas=3)) == [
        (FIELD_MANAGER, replicas),
        (SEED_MANAGER, replicas),
        (FIELD_MANAGER, None),
    ]


@pytest.mark.parametrize("name", [LANE, GATEWAYS])
def test_an_autoscalers_number_stays_whatever_else_changes(name: str) -> None:
    live = there(deployment(name), 7)
    assert applied(deployment(name), live) == [(FIELD_MANAGER, None)]
    assert applied(deployment(name, maxWait="1m"), live) == [(FIELD_MANAGER, None)]


def test_another_number_in_the_pool_is_set_once() -> None:
    live = there(deployment(GATEWAYS, replicas=2), 7)
    assert applied(deployment(GATEWAYS, replicas=4), live) == [(SEED_MANAGER, 4), (FIELD_MANAGER, None)]
    live = there(deployment(GATEWAYS, replicas=4), 7)
    assert applied(deployment(GATEWAYS, replicas=4), live) == [(FIELD_MANAGER, None)]


@pytest.mark.parametrize(("wanted", "claimed"), [(2, 2), (5, 5)])
def test_an_operator_that_died_half_way_is_followed_by_one_that_goes_on(wanted: int, claimed: int) -> None:
    live = there(deployment(GATEWAYS, replicas=2), 2, owned=True)
    assert applied(deployment(GATEWAYS, replicas=wanted), live) == [(SEED_MANAGER, claimed), (FIELD_MANAGER, None)]


@pytest.mark.parametrize("name", [LANE, GATEWAYS])
def test_what_has_grown_meanwhile_stays_as_it_is(name: str) -> None:
    live = there(deployment(name), 3, owned=True)
    assert applied(deployment(name), live) == [(SEED_MANAGER, 3), (FIELD_MANAGER, None)]


def test_a_person_who_takes_the_note_away_or_garbles_it_gets_the_pools_number() -> None:
    live = there(deployment(GATEWAYS), 7)
    live["metadata"]["annotations"][REPLICAS] = "many"
    assert applied(deployment(GATEWAYS), live) == [(SEED_MANAGER, 2), (FIELD_MANAGER, None)]
