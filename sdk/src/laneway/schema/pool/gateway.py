"""The pool's gateways on Kubernetes: how many, who may come in, how long they hold a request."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.pool.account import BAD_ANNOTATION
from laneway.schema.pool.pods.resources import Limits, Requests, Resources
from laneway.schema.shared.base import (
    Alias,
    AnnotationText,
    Duration,
    KubernetesModel,
    ObjectName,
    Pattern,
    bad_name,
    cel,
)
from laneway.schema.shared.hints import AtHomeOnly
from laneway.schema.shared.names import GROUP

MAX_REPLICAS = 100
MIN_IDLE_SECONDS = 15  # a silent stream is kept alive every 10 s, and an answer is given up 5 s before the edge does
MAX_IDLE_SECONDS = 4000  # an Application Load Balancer's own bound
MAX_WAIT_SECONDS = 24 * 3600
DEFAULT_KEYS_FILE = "keys.json"
NO_KEYS = "say which Secret holds the keys of those who may come in: keys: {secretName: documents-keys}"
RESERVED_ANNOTATION = f"annotations of {GROUP}/ are Laneway's; use your own"


def _check_annotations(found: dict[str, str]) -> dict[str, str]:
    for name in found:
        if name.startswith(f"{GROUP}/"):
            raise ValueError(RESERVED_ANNOTATION)
    why = bad_name(found, BAD_ANNOTATION)
    if why:
        raise ValueError(why)
    return found


Annotations = Annotated[
    dict[str, AnnotationText],
    Field(
        max_length=16,
        json_schema_extra=cel((f"!self.exists(k, k.startsWith('{GROUP}/'))", RESERVED_ANNOTATION)),
    ),
    AfterValidator(_check_annotations),
]
SecretKey = Annotated[
    str,
    StringConstraints(max_length=253),
    Pattern(
        r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$",
        "should be a key of a Secret: letters, digits, dashes, underscores and dots, no dot first, such as keys.json",
    ),
]


class GatewayKeys(KubernetesModel):
    """Who may come in: a file of keys in a Secret."""

    secret_name: ObjectName
    """A Secret in the pool's namespace. It may come later than the pool, and gateways read a change of it without a
    restart, within about two minutes.
    """
    key: SecretKey = DEFAULT_KEYS_FILE
    """The Secret's key that holds the file."""


class GatewayLanes(KubernetesModel):
    """Which lane is meant where a request says how it is to be served, and names none. Only one that its key may use,
    and that has the model that it asks for, is taken.
    """

    flex: Alias | None = None
    """Of OpenAI's `service_tier: flex`: cheap, and not now. Default: as without it."""
    priority: Alias | None = None
    """Of OpenAI's `service_tier: priority`: as soon as can be. Default: as without it."""
    tasks: Alias | None = None
    """Of what an interface asks for by itself, such as the titles of chats, and says so by the header
    `X-Laneway-Task`. Default: as without it.
    """


GATEWAYS_LANES = "gateway.lanes should name lanes of the pool"
GATEWAYS_LANES_ARE_THE_POOLS = "!has(self.gateway) || !has(self.gateway.lanes) || " + " && ".join(
    f"(!has(self.gateway.lanes.{each}) || self.lanes.exists(l, l.name == self.gateway.lanes.{each}))"
    for each in GatewayLanes.model_fields
)
"""Of the pool's spec, in CEL."""


class GatewayService(KubernetesModel):
    """The Service in front of the gateways."""

    annotations: Annotations = {}
    """Annotations, at most 16, with values of at most 2048 characters. Default: none."""


class GatewayAccount(KubernetesModel):
    """Who the gateways are, in the cluster and so on AWS."""

    annotations: Annotations = {}
    """Of the account that Laneway makes, `laneway-gateway-` and the pool's name, such as `eks.amazonaws.com/role-arn`.
    Default: none, as for EKS Pod Identity.
    """


class GatewayResources(Resources):
    """Plain Kubernetes resources of a gateway."""

    requests: Requests = {}
    """What a node must have free: cpu, memory, ephemeral-storage. Default: cpu 100m, memory 192Mi."""
    limits: Limits = {}
    """What it may use at most. Above its memory it is killed, and its clients try again. Default: memory 512Mi."""


class Gateway(KubernetesModel):
    """The doors of OpenAI's and Ollama's APIs: gateways that send each request as a job, and wait for its result."""

    model_config = ConfigDict(json_schema_extra=cel(("has(self.keys)", NO_KEYS)))

    replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS), AtHomeOnly()] = 2  # in a pool or a lane, workers are meant
    """How many gateways there are: 1 to 100. It is set when they are made and when it is changed, and is nobody's
    in between: an autoscaler of yours may go on from there.
    """
    keys: GatewayKeys
    """Who may come in."""
    edge_idle_timeout: Annotated[
        Duration, Field(ge=MIN_IDLE_SECONDS, le=MAX_IDLE_SECONDS, json_schema_extra={"default": "60s"})
    ] = 60
    """How long a connection may be silent before what stands in front of the gateways cuts it: 15s to 1h6m40s. A
    request that is not streamed is held for 5 s less, and then told to come back, which clients do by themselves.
    """
    max_wait: Annotated[Duration, Field(ge=1, le=MAX_WAIT_SECONDS)] | None = None
    """The longest that a request may have to wait for its turn, by what is known of its lane: 1s to 24h. One that would
    wait longer is refused at once. Default: none is refused for that.
    """
    lanes: GatewayLanes | None = None
    """Which lanes are meant by OpenAI's `service_tier`, and by tasks. Default: none but those of models and keys."""
    anonymous_catalogue: bool = False
    """Whether the lists of models and the version are told without a key."""
    resources: GatewayResources | None = None
    """What each gateway asks for. Default: what stands at its fields."""
    service: GatewayService = GatewayService()
    """The Service in front of them: the pool's name and `-gateway`, port 80."""
    service_account: GatewayAccount = GatewayAccount()
    """Who they are. No worker's role will do: gateways send jobs, and alone say whose a job is."""

    @property
    def lanes_for(self) -> dict[str, str]:
        """What is asked for, `flex`, `priority` or `tasks` → its lane."""
        return self.lanes.model_dump(exclude_none=True) if self.lanes else {}

    @model_validator(mode="before")
    @classmethod
    def _ask_for_keys(cls, value: Any) -> Any:
        """In words: without keys anybody who reaches the port would use the pool."""
        if isinstance(value, dict) and value.get("keys") is None:
            raise ValueError(NO_KEYS)
        return value
