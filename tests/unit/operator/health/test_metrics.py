"""What Prometheus is told of pools."""

from __future__ import annotations

from laneway_operator.health.metrics import Metrics
from laneway_operator.known.world import PoolCondition

KEY = ("nlp", "documents")
READY = PoolCondition(KEY, "Ready", "True", "Serving")
BROKEN = PoolCondition(KEY, "Ready", "False", "AccessDenied")


def told(metrics: Metrics) -> set[str]:
    lines = metrics.text().decode().splitlines()
    return {each for each in lines if each.startswith(("laneway_pool_condition{", "laneway_operator_pools{"))}


def series(status: str, reason: str) -> str:
    labels = f'namespace="nlp",pool="nlp/documents",reason="{reason}",status="{status}",type="Ready"'
    return f"laneway_pool_condition{{{labels}}} 1.0"


def test_each_condition_has_a_series_and_what_it_was_before_has_none() -> None:
    metrics, found = Metrics(), [READY]
    metrics.watch_pools(lambda: found)
    assert series("True", "Serving") in told(metrics)
    assert 'laneway_operator_pools{condition="Ready",status="True"} 1.0' in told(metrics)
    found[:] = [BROKEN]
    assert series("False", "AccessDenied") in told(metrics)
    assert series("True", "Serving") not in told(metrics)
    assert 'laneway_operator_pools{condition="Ready",status="True"} 0.0' in told(metrics)
