"""What happened to a pool, as people read it later from a real API server."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from support.operator.audit import mark, quiet, told
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.operator.process import Operated, Place


@pytest.fixture
def place(operated: Operated) -> Iterator[Place]:
    yield operated.place()
    operated.clear()


def events(place: Place) -> list[dict[str, Any]]:
    """As `kubectl events --for llmworkerpool/documents` lists them."""
    text = place.kubectl("events", "--for=llmworkerpool/documents", "--output=json")
    return list(json.loads(text)["items"])


def counted(place: Place) -> dict[tuple[str, str], int]:
    """What happened, by its type and reason → how often it is told of."""
    found: Counter[tuple[str, str]] = Counter()
    for each in events(place):
        found[each["type"], each["reason"]] += (each.get("series") or {}).get("count", 1)
    return dict(found)


def suspend(place: Place, *, suspended: bool) -> None:
    patch = json.dumps({"spec": {"suspend": suspended}})
    place.kubectl("patch", "lwp", "documents", "--type=merge", f"--patch={patch}")
    place.until("Suspended" if suspended else "ScaledToZero")


def test_each_transition_is_told_once_and_what_comes_again_is_counted(operated: Operated, place: Place) -> None:
    place.apply()
    place.until("ScaledToZero")
    for suspended in (True, False, True):
        suspend(place, suspended=suspended)
    ready = {("Normal", "ScaledToZero"): 2, ("Normal", "Suspended"): 2}
    eventually(lambda: ready.items() <= counted(place).items())

    names = Counter(each["reason"] for each in events(place))
    assert (names["ScaledToZero"], names["Suspended"]) == (1, 1), "what comes again within minutes is no second Event"
    (one,) = [each for each in events(place) if each["reason"] == "Suspended"]
    assert one["reportingComponent"] == "laneway.dev/operator"
    assert one["message"].startswith("Ready True ScaledToZero → True Suspended: the pool is suspended")
    shown = place.kubectl("events", "--for=llmworkerpool/documents", "--no-headers")
    assert "LLMWorkerPool/documents" in shown

    quiet(operated)
    before, since = counted(place), mark(operated.cluster)
    place.kubectl("annotate", "lwp", "documents", "looked=again")
    quiet(operated)
    operated.stop()
    running = operated.start()
    eventually(lambda: running.leads() and 'laneway_operator_reconciles_total{end="done"}' in running.metrics())
    quiet(operated)
    assert told(operated.cluster, since) == [], "nothing happened meanwhile, and another operator tells nothing anew"
    assert counted(place) == before


def test_trouble_is_a_warning_and_its_end_is_told_too(place: Place) -> None:
    place.apply(engine="next")
    place.until("UnknownEngine")
    eventually(lambda: ("Warning", "UnknownEngine") in counted(place))
    place.apply()
    place.until("ScaledToZero")
    eventually(lambda: ("Normal", "ScaledToZero") in counted(place))
    (one,) = [each for each in events(place) if each["reason"] == "UnknownEngine"]
    assert (one.get("series") or {}).get("count", 1) == 1
    assert "Use one of the engines" in one["message"]
