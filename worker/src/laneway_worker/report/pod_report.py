"""What a worker writes onto its own pod: what its end would cost, what it serves, and what keeps it from that. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from laneway.schema.shared.names import DELETION_COST, REPORT, STAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_worker.failing import Failing

IDLE_SECONDS = 30.0  # a lane of short jobs would otherwise write before and after each
REFRESH_SECONDS = 30.0
IDLE_COST = "0"
BUSY_COST = 10
MAX_COST = 2**31 - 1  # Kubernetes reads an int32
PASSES_SECONDS = 60.0  # what passes by itself sooner is nobody's business
MAX_MESSAGE = 512  # characters


@dataclass(frozen=True)
class Standing:
    """How a worker stands. Times are monotonic."""

    running_since: float | None = None
    """When the oldest of the held jobs came."""
    idle_since: float | None = None
    """When the last job ended; None before the first."""
    digest: str | None = None
    """Of the model that is loaded."""
    engine: Failing | None = None
    fewer: str = ""
    """What to change where the engine answers fewer requests at once than the lane wants."""
    aws: Failing | None = None
    holds_node: bool = False
    """Whether node autoscalers are to leave the pod's node alone while a job runs."""


@dataclass(frozen=True)
class Written:
    """What stands on the pod. What an earlier process of the same pod wrote is not known."""

    annotations: Mapping[str, str | None] = field(default_factory=dict)
    cost_at: float = -inf

    def after(self, changes: Mapping[str, str | None], now: float) -> Written:
        """After one more write."""
        return Written({**self.annotations, **changes}, now if DELETION_COST in changes else self.cost_at)


def changes(standing: Standing, written: Written, now: float) -> dict[str, str | None]:
    """What to write now; None removes an annotation."""
    wanted = {REPORT: _report(standing, now)}
    if _cost_is_due(standing, written, now):
        wanted[DELETION_COST] = _cost(standing, now)
        wanted |= _stays(standing)
    there = written.annotations
    return {name: value for name, value in wanted.items() if name not in there or there[name] != value}


def _cost_is_due(standing: Standing, written: Written, now: float) -> bool:
    if standing.running_since is None:
        return standing.idle_since is None or now - standing.idle_since >= IDLE_SECONDS
    told_busy = written.annotations.get(DELETION_COST, IDLE_COST) != IDLE_COST
    return not told_busy or now - written.cost_at >= REFRESH_SECONDS


def _cost(standing: Standing, now: float) -> str:
    if standing.running_since is None:
        return IDLE_COST
    return str(min(MAX_COST, BUSY_COST + int(now - standing.running_since)))


def _stays(standing: Standing) -> Mapping[str, str | None]:
    """Written with the cost, and for as long. Where the pool says these itself, nothing is touched."""
    if not standing.holds_node:
        return {}
    return dict.fromkeys(STAYS) if standing.running_since is None else STAYS


def _report(standing: Standing, now: float) -> str | None:
    told = ({"digest": standing.digest} if standing.digest else {}) | _trouble(standing, now)
    return json.dumps(told) if told else None


def _trouble(standing: Standing, now: float) -> dict[str, str]:
    """The engine's comes first: without it AWS is not asked, so what AWS said last may be over."""
    engine, aws = standing.engine, standing.aws
    if engine is not None and engine.lasting:
        return _told(engine.code or "model_unusable", engine.message)
    if engine is not None and engine.lasts(now, PASSES_SECONDS):
        return _told("engine_down", f"{engine.message}; see the log of the pod's Ollama container")
    if aws is not None and aws.lasts(now, PASSES_SECONDS):
        return _told("aws_refused" if aws.lasting else "aws_unavailable", aws.message)
    if standing.fewer:
        return _told("fewer_slots", standing.fewer)
    return {}


def _told(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": " ".join(message.split())[:MAX_MESSAGE]}
