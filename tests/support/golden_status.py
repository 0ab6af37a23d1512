"""Golden files of statuses, to be read in a review; `python -m support.golden` rewrites them with the others."""

from __future__ import annotations

from pathlib import Path

from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.yaml_text import write_yaml
from laneway_operator.known.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble
from laneway_operator.reasons import Reason
from laneway_operator.render.meta import Component
from laneway_operator.stages import Stage
from laneway_operator.status.conditions import build_status
from laneway_operator.status.observed import Observed

FOLDER = Path(__file__).parents[1] / "data" / "output" / "status"
NOW = "2026-11-22T18:00:00Z"
OLD, NEW = ("sha256:" + each * 64 for each in "ab")
ENGINE = "docker.io/ollama/ollama:0.32.15"
KEDA = ScalerFacts(ready=True)
NO_NODE = Trouble(Reason.NO_GPU_CAPACITY, "0/9 nodes are available: 9 Insufficient nvidia.com/gpu.")
DONE = JobFacts("documents-preflight-1", succeeded=True)


def urls(lane: str) -> QueueURLs:
    """Of a lane's queues."""
    url = f"https://sqs.eu-west-1.amazonaws.com/123456789012/documents-{lane}"
    return QueueURLs(url=url, dead_letter_url=f"{url}-dead")


def worker(lane: str, trouble: Trouble | None = None, *, config: str = "now", digest: str | None = None) -> PodFacts:
    """A pod of a lane; one with a digest is ready."""
    ready = digest is not None
    return PodFacts(
        lane,
        leaving=False,
        config=config,
        trouble=trouble,
        component=Component.WORKER,
        ready=ready,
        stage=Stage.SERVING if ready else Stage.NODE_STARTING if trouble is NO_NODE else Stage.LOADING_MODEL,
        digest=digest,
        engine=ENGINE,
    )


def sixteen() -> Observed:
    """As many lanes as there may be, four of them in trouble, each of its own."""
    lanes = tuple(f"lane-{number:02}" for number in range(1, 17))
    deployments = {lane: DeploymentFacts(0, 0, config="now") for lane in lanes}
    return Observed(
        lanes=lanes,
        queues={lane: urls(lane) for lane in lanes},
        preflight=DONE,
        deployments=deployments
        | {"lane-02": DeploymentFacts(2, 2, config="now"), "lane-05": DeploymentFacts(1, 0, config="now")},
        scalers=dict.fromkeys(lanes, KEDA) | {"lane-07": ScalerFacts(ready=False, message="AccessDenied")},
        pods=(worker("lane-02", digest=NEW), worker("lane-02", digest=NEW), worker("lane-05", NO_NODE)),
        own_queue_troubles=(Trouble(Reason.REDRIVE_TOO_LOW, "lane lane-11: no redrive policy", "lane-11"),),
        applied=(Trouble(Reason.NAME_TAKEN, "Deployment documents-lane-13: somebody else's", "lane-13"),),
        asleep=("lane-16",),
    )


OBSERVED = {
    "at-zero": Observed(
        lanes=("fast",),
        queues={"fast": urls("fast")},
        preflight=DONE,
        deployments={"fast": DeploymentFacts(0, 0)},
        scalers={"fast": KEDA},
    ),
    "rolling-out": Observed(
        lanes=("fast",),
        queues={"fast": urls("fast")},
        preflight=DONE,
        deployments={"fast": DeploymentFacts(3, 3, outdated=2, config="now")},
        scalers={"fast": KEDA},
        pods=(*(worker("fast", config="before", digest=OLD) for _ in range(2)), worker("fast", digest=NEW)),
    ),
    "sixteen-lanes": sixteen(),
    "a-queue-out-of-reach": Observed(
        lanes=("fast", "slow"),
        queues={"fast": urls("fast")},
        queue_trouble=Trouble(Reason.QUEUE_ACCESS_DENIED, "lane slow: CreateQueue was refused", "slow"),
        deployments={"fast": DeploymentFacts(1, 1)},
        scalers={"fast": KEDA},
    ),
    "an-unknown-engine": Observed(
        lanes=("fast",),
        spec=Trouble(Reason.UNKNOWN_ENGINE, "no engine next; there are: ollama-0-32"),
        deployments={"fast": DeploymentFacts(1, 1, config="now")},
        scalers={"fast": KEDA},
        pods=(worker("fast", digest=NEW),),
    ),
}
"""Name of the golden file → what a pass has found out."""


def texts() -> dict[str, str]:
    """Name of the golden file → its text."""
    return {name: write_yaml([build_status(observed, {}, 3, NOW)]) for name, observed in OBSERVED.items()}
