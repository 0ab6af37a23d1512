"""The status of a pool whose operator is another one, and gives no sign. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway_operator.reasons import Reason
from laneway_operator.status.conditions import condition
from laneway_operator.status.found import Found
from laneway_operator.status.model import READY

if TYPE_CHECKING:
    from laneway_operator.known.snapshot import PoolBody


def left_to(owner: str, pool: PoolBody, now: str) -> dict[str, Any]:
    """As it is, but not ready. What its operator has seen of it stays, so that its next look is a change."""
    take = f"kubectl patch lwp {pool.name} --namespace {pool.namespace} --subresource=status --type=merge"
    words = (
        f"the pool is the operator {owner}'s, which has not looked at its edit for a minute; where that is gone: "
        f'{take} --patch=\'{{"status":{{"operator":null}}}}\''
    )
    told = condition(READY, Found("False", Reason.OTHER_OPERATOR, words), pool.status, pool.generation, now)
    kept = [each for each in pool.status.get("conditions", []) if each["type"] != READY]
    written = told.model_dump(by_alias=True, exclude_none=True, mode="json")
    return {**pool.status, "conditions": [written, *kept]}
