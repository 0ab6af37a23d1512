"""A pool that takes queues with it: a finalizer holds it from before they are made until they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.errors import NotYet, SpecError
from laneway_operator.known.observe import Trouble
from laneway_operator.queues.managed import doomed, has_doomed

if TYPE_CHECKING:
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.snapshot import PoolBody
    from laneway_operator.queues.port import Queues


def hold_or_let_go(cluster: Cluster, body: PoolBody, pool: LLMWorkerPool) -> None:
    """Only a pool that takes queues with it has a finalizer: every other one can be deleted with the operator down."""
    wanted = has_doomed(pool, body)
    if wanted and not body.held:
        cluster.hold(body)
    elif body.held and not wanted:
        cluster.let_go(body)


def say_farewell(cluster: Cluster, queues: Queues, body: PoolBody, identity: str, region: str) -> Trouble | None:
    """Delete a pool's queues and let go of it; else what keeps it."""
    try:
        for queue in doomed(identity, body, region):
            queues.delete(queue)
        cluster.let_go(body)
    except (NotYet, SpecError) as error:
        command = f"kubectl patch lwp {body.name} --namespace {body.namespace} --type=merge"
        without = f'to delete the pool without its queues: {command} --patch=\'{{"metadata":{{"finalizers":null}}}}\''
        return Trouble(error.reason, f"the pool waits for its queues to be deleted: {error}; {without}")
    return None
