"""When the adapter to Kubernetes makes no call at all."""

from __future__ import annotations

from typing import Any

import pytest

from laneway_operator.api_server import CALL_SECONDS
from laneway_operator.cluster import KubernetesCluster
from laneway_operator.errors import Unreachable


class Api:
    """In the API server's place."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, float]] = []
        self.error: Unreachable | None = None

    def call(self, verb: str, *given: Any) -> dict[str, Any]:
        self.calls.append((verb, given[-1]))
        if self.error is not None:
            raise self.error
        return {}


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
