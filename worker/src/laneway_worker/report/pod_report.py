"""What a worker writes onto its own pod: what it would cost to delete it, and what keeps it from serving. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from laneway.schema.shared.names import DELETION_COST, TROUBLE

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
    engine: Failing | None = None
    aws: Failing | None = None


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
    wanted = {TROUBLE: _trouble(standing, now)}
    if _cost_is_due(standing, written, now):
        wanted[DELETION_COST] = _cost(standing, now)
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


def _trouble(standing: Standing, now: float) -> str | None:
    """The engine's comes first: without it AWS is not asked, so what AWS said last may be over."""
    engine, aws = standing.engine, standing.aws
    if engine is not None and engine.lasting:
        return _told(engine.code or "model_unusable", engine.message)
    if engine is not None and engine.lasts(now, PASSES_SECONDS):
        return _told("engine_down", f"{engine.message}; see the log of the pod's Ollama container")
    if aws is not None and aws.lasts(now, PASSES_SECONDS):
        return _told("aws_refused" if aws.lasting else "aws_unavailable", aws.message)
    return None


def _told(code: str, message: str) -> str:
    return json.dumps({"code": code, "message": " ".join(message.split())[:MAX_MESSAGE]})
