"""When the adapter to Kubernetes makes no call, or does not write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from laneway_operator.cluster.api_server import CALL_SECONDS
from laneway_operator.cluster.kubernetes import KubernetesCluster
from laneway_operator.errors import SpecError, Unreachable
from laneway_operator.kinds import KINDS
from laneway_operator.reasons import Reason
from laneway_operator.render import render
from support.inputs.pools import named, pool_with
from support.operator.in_memory import GATED, OTHER_UID, pool_view


class Api:
    """In the API server's place."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, float]] = []
        self.error: Unreachable | None = None
        self.live: dict[str, Any] = {}
        """What every call answers with."""

    def call(self, verb: str, *given: Any) -> dict[str, Any]:
        self.calls.append((verb, given[-1]))
        if self.error is not None:
            raise self.error
        return self.live


class Fenced:
    """A cluster whose Lease holds for so long yet."""

    def __init__(self, left: float) -> None:
        self.api = Api()
        self.left = left
        self.cluster = KubernetesCluster(self.api, lambda: self.left)  # type: ignore[arg-type] # because it is only called

    def write(self) -> None:
        self.cluster.write_status("nlp", "documents", {})


@pytest.mark.parametrize(("left", "seconds"), [(60.0, CALL_SECONDS), (4.0, 4.0)])
def test_a_write_ends_before_another_operator_may_begin(left: float, seconds: float) -> None:
    fenced = Fenced(left)
    fenced.write()
    assert fenced.api.calls == [("PATCH", seconds)]


def test_who_does_not_lead_writes_nothing_and_may_read() -> None:
    fenced = Fenced(0.0)
    with pytest.raises(Unreachable, match="another operator may be the active one"):
        fenced.write()
    fenced.cluster.has_secret("nlp", "aws")
    assert fenced.api.calls == [("GET", CALL_SECONDS)]


def test_a_pause_that_the_server_asks_for_holds_for_every_call() -> None:
    fenced = Fenced(60.0)
    fenced.api.error = Unreachable("PATCH: 429", 30.0)
    with pytest.raises(Unreachable, match="429"):
        fenced.write()
    with pytest.raises(Unreachable, match="asked for a pause") as caught:
        fenced.cluster.has_secret("nlp", "aws")
    assert len(fenced.api.calls) == 1
    assert caught.value.after is not None
    assert 29 < caught.value.after <= 30


POOL = named(pool_with(gateway={"keys": {"secretName": "documents-keys"}}))
VIEW = pool_view(POOL, replace(GATED, pod_reports=True, network_policies=True))
CHILDREN = {each["kind"]: each for each in render(VIEW)}
HASHED = {"Job"}


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - HASHED))
def test_an_object_of_somebody_else_is_read_and_not_written(kind: str) -> None:
    fenced = Fenced(60.0)
    fenced.api.live = {"metadata": {"ownerReferences": [{"uid": OTHER_UID}]}}
    with pytest.raises(SpecError, match=f"there is a {kind} .* that is not this pool's") as caught:
        fenced.cluster.apply(CHILDREN[kind])
    assert caught.value.reason is Reason.NAME_TAKEN
    assert fenced.api.calls == [("GET", CALL_SECONDS)]


@pytest.mark.parametrize("kind", sorted(HASHED))
def test_an_object_named_by_its_content_is_nobody_elses(kind: str) -> None:
    fenced = Fenced(60.0)
    fenced.cluster.apply(CHILDREN[kind])
    assert fenced.api.calls == [("PATCH", CALL_SECONDS)]
