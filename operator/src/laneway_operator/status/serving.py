"""Which model and which engine answer a lane's jobs, as far as its pods tell. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.status.model import MAX_KINDS, Serving

if TYPE_CHECKING:
    from laneway_operator.status.observed import Observed


def serving(observed: Observed, lane: str) -> tuple[Serving, ...] | None:
    """One entry as a rule; in a rollout those of the new workers first. None where no worker tells."""
    wanted = observed.deployments[lane].config if lane in observed.deployments else None
    ready = [each for each in observed.pods if each.lane == lane and each.ready and not each.leaving]
    ordered = sorted(ready, key=lambda each: (each.config != wanted, each.digest or "", each.engine or ""))
    kinds = dict.fromkeys((each.digest, each.engine) for each in ordered if each.digest or each.engine)
    return tuple(Serving(model_digest=digest, engine_image=engine) for digest, engine in kinds)[:MAX_KINDS] or None
