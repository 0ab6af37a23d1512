"""A pool that is well and sleeps, as a pass finds it out."""

from __future__ import annotations

from laneway.schema.pool.queues.queue import QueueURLs
from laneway_operator.known.observe import DeploymentFacts, JobFacts, ScalerFacts
from laneway_operator.status.observed import Observed

NOW = "2026-11-22T18:00:00Z"
WELL = Observed(
    lanes=("fast",),
    queues={"fast": QueueURLs(url="https://sqs/a", dead_letter_url="https://sqs/a-dead")},
    preflight=JobFacts("documents-preflight-1", succeeded=True),
    deployments={"fast": DeploymentFacts(0, 0)},
    scalers={"fast": ScalerFacts(ready=True)},
)
