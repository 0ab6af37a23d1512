"""The CustomResourceDefinition of LLMWorkerPools. Pure."""

from __future__ import annotations

from laneway.schema.pool.pool import LLMWorkerPool, Spec
from laneway.schema.shared.base import cel
from laneway.schema.shared.names import KIND, PLURAL
from laneway_operator.crd.definition import Definition
from laneway_operator.crd.edits import EDITS
from laneway_operator.status.model import PoolStatus

MAX_POOL_NAME = 40

POOLS = Definition(
    kind=KIND,
    plural=PLURAL,
    short="lwp",
    scope="Namespaced",
    categories=("all", "laneway"),
    description=(LLMWorkerPool.__doc__ or "").strip(),
    spec=Spec,
    status=PoolStatus,
    rules=cel(
        (
            f"size(self.metadata.name) <= {MAX_POOL_NAME}",
            f"the pool's name should have at most {MAX_POOL_NAME} characters",
        ),
        (
            "!self.metadata.name.contains('.')",
            "the pool's name should have no dots: names of queues are built from it",
        ),
    ),
    columns=(
        ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', 0),
        ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', 0),
        ("Model", "string", ".spec.model.name", 0),
        ("Lanes", "integer", ".status.laneCount", 0),
        ("Workers", "string", ".status.workers", 0),
        ("Age", "date", ".metadata.creationTimestamp", 0),
        ("Message", "string", '.status.conditions[?(@.type=="Ready")].message', 1),
    ),
    edits=EDITS,
    edited="spec.",
    selectable=(".spec.model.name",),
)
