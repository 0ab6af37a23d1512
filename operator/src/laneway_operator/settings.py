"""What the operator is told by its Helm values: one frozen object, read from the environment once."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from laneway.schema.pool.table import CABundle
from laneway.schema.shared.problems import problems
from laneway_operator.auxiliary import Auxiliary, parse_auxiliary
from laneway_operator.engines import PULL_POLICIES, parse_engines
from laneway_operator.environment import parse_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_operator.engines import Engines

DEFAULT_REGION = "us-east-1"
LOG_LEVELS = ("debug", "info", "warning", "error")
DEFAULT_LEASE = ("default", "laneway")
DEFAULT_BUDGET = "10%"
MOST_LANES = 10_000
BUDGET = re.compile(r"(0|[1-9][0-9]{0,4})|([1-9][0-9]?|100)%")
NO_BUDGET = f"should be a number of lanes, 0 to {MOST_LANES}, or a part of those that have workers, 1% to 100%"
DEFAULT_HEALTH_ADDRESS = "[::]:8080"  # the kubelet asks from outside the pod, by whichever family it has


RENDERED = {
    "LANEWAY_ENGINES": json.dumps(
        {"engines": {"ollama-0-32": {"image": "docker.io/ollama/ollama:0.32.15"}}, "defaultEngine": "ollama-0-32"}
    ),
    "LANEWAY_GATEWAY_IMAGE": "laneway.local/gateway:0.1.0",
    "LANEWAY_PROJECTOR_IMAGE": "laneway.local/projector:0.1.0",
    "LANEWAY_WORKER_IMAGE": "laneway.local/worker:0.1.0",
}
"""What the chart sets, where `render` runs without it, and with gateways and tables on: so that they are seen."""


class SettingsError(Exception):
    """A setting that can't be used; the message names its variable."""


@dataclass(frozen=True)
class Emulator:
    """AWS stood in for, by LocalStack or moto."""

    endpoint: str
    """Where it answers."""
    secret: str
    """The Secret in every pool's namespace that holds its credentials."""


@dataclass(frozen=True)
class Gateways:
    """Gateways are turned on."""

    image: str
    pull_policy: str = PULL_POLICIES[0]
    """When the kubelet asks the registry: one of `PULL_POLICIES`."""
    doors_open_to: tuple[dict[str, Any], ...] = ()
    """Who may come to their doors, as `from` of a NetworkPolicy has it; none: anybody who reaches the port."""


@dataclass(frozen=True)
class Tables:
    """Tables are turned on."""

    image: str
    """The projector's."""
    pull_policy: str = PULL_POLICIES[0]
    """When the kubelet asks the registry: one of `PULL_POLICIES`."""


@dataclass(frozen=True)
class Budget:
    """How many lanes may have workers replaced at once."""

    lanes: int | None = None
    percent: int | None = None
    """A part of those that have workers, where no number is said."""

    def most(self, awake: int) -> int:
        """Where so many lanes have workers. A part is rounded up, so that one at least may always begin."""
        if self.lanes is not None:
            return self.lanes
        return max(1, math.ceil(awake * (self.percent or 0) / 100))


@dataclass(frozen=True)
class Settings:
    """Everything the operator is told."""

    worker_image: str
    engines: Engines
    """What pools choose from."""
    worker_pull_policy: str = PULL_POLICIES[0]
    """When the kubelet asks the registry: one of `PULL_POLICIES`."""
    region: str = DEFAULT_REGION
    """The region of pools that name none."""
    emulator: Emulator | None = None
    pod_reports: bool = False
    """Whether workers may write onto their own pods: where a policy bounds what they may write."""
    network_policies: bool = False
    """Whether the pods of a pool reach what they need and nothing else."""
    dns_addresses: tuple[str, ...] = ()
    """Where names are asked, beside kube-dns; CIDRs."""
    egress_except: tuple[str, ...] = ()
    """What is not reached on the ports of AWS and of the API server; CIDRs."""
    auxiliary: Auxiliary = field(default_factory=Auxiliary)
    """Of pods without an engine."""
    pool_env: Mapping[str, str] = field(default_factory=dict)
    """Environment of the containers that call AWS, in every pool."""
    ca_bundle: CABundle | None = None
    """Whom pods believe who AWS is, and the registry of models; a ConfigMap in every pool's namespace. None: whom their
    images trust.
    """
    image_pull_secrets: tuple[str, ...] = ()
    """Names of pull secrets in every pool's namespace."""
    log_level: str = "info"
    """One of `LOG_LEVELS`."""
    health_address: str = DEFAULT_HEALTH_ADDRESS
    """Where `/healthz`, `/readyz` and `/metrics` are served."""
    lease: tuple[str, str] = DEFAULT_LEASE
    """Namespace and name of the Lease by which several operators agree on the active one."""
    name: str = ""
    """Namespace and name of its release: what one of some namespaces calls itself in the status of pools."""
    pod_name: str | None = None
    """What this operator is called in the Lease."""
    gateways: Gateways | None = None
    """Where pools may have gateways."""
    tables: Tables | None = None
    """Where pools may have tables."""
    rollouts: Budget = field(default_factory=lambda: parse_budget(DEFAULT_BUDGET))
    """How many lanes may have workers replaced at once."""
    namespaces: tuple[str, ...] = ()
    """Namespaces whose pools are served; none: all."""
    cluster_id: str | None = None
    """What the cluster is called in the tags of queues; None: the UID of kube-system, which must be readable then."""

    @property
    def endpoint(self) -> str | None:
        """Of the emulator, where there is one."""
        return self.emulator.endpoint if self.emulator else None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Parse `LANEWAY_*`; raises `SettingsError`."""
    endpoint = environment.get("LANEWAY_AWS_ENDPOINT")
    secret = environment.get("LANEWAY_AWS_SECRET")
    if bool(endpoint) != bool(secret):
        raise SettingsError("LANEWAY_AWS_ENDPOINT and LANEWAY_AWS_SECRET go together; set both for an emulator")
    return Settings(
        worker_image=_needed(environment, "LANEWAY_WORKER_IMAGE"),
        engines=_engines(environment),
        worker_pull_policy=_one_of(environment, "LANEWAY_WORKER_PULL_POLICY", PULL_POLICIES),
        region=environment.get("LANEWAY_AWS_REGION") or DEFAULT_REGION,
        emulator=Emulator(endpoint, secret) if endpoint and secret else None,
        pod_reports=_switch(environment, "LANEWAY_POD_REPORTS"),
        network_policies=_switch(environment, "LANEWAY_NETWORK_POLICIES"),
        dns_addresses=tuple(environment.get("LANEWAY_DNS_ADDRESSES", "").split()),
        egress_except=tuple(environment.get("LANEWAY_EGRESS_EXCEPT", "").split()),
        auxiliary=_auxiliary(environment),
        pool_env=_pool_env(environment),
        ca_bundle=_ca_bundle(environment),
        image_pull_secrets=tuple(environment.get("LANEWAY_IMAGE_PULL_SECRETS", "").split()),
        log_level=_log_level(environment),
        health_address=environment.get("LANEWAY_HEALTH_ADDRESS") or DEFAULT_HEALTH_ADDRESS,
        lease=_lease(environment.get("LANEWAY_LEASE")),
        name=environment.get("LANEWAY_OPERATOR", ""),
        pod_name=environment.get("LANEWAY_POD_NAME") or None,
        gateways=_gateways(environment),
        tables=_tables(environment),
        rollouts=parse_budget(environment.get("LANEWAY_ROLLOUTS_MAX_LANES") or DEFAULT_BUDGET),
        namespaces=tuple(environment.get("LANEWAY_NAMESPACES", "").split()),
        cluster_id=environment.get("LANEWAY_CLUSTER_ID") or None,
    )


def rendering_settings(environment: Mapping[str, str]) -> Settings:
    """Those of the operator whose pod this is; elsewhere the chart's."""
    return read_settings({**RENDERED, **environment})


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingsError(f"{name} is not set; the chart sets it")
    return value


def _engines(environment: Mapping[str, str]) -> Engines:
    try:
        return parse_engines(json.loads(_needed(environment, "LANEWAY_ENGINES")))
    except ValueError as error:
        raise SettingsError(f"LANEWAY_ENGINES: {error}") from error


def _auxiliary(environment: Mapping[str, str]) -> Auxiliary:
    try:
        return parse_auxiliary(json.loads(environment.get("LANEWAY_AUXILIARY") or "{}"))
    except ValueError as error:
        raise SettingsError(f"LANEWAY_AUXILIARY: {error}") from error


def _pool_env(environment: Mapping[str, str]) -> dict[str, str]:
    try:
        return parse_environment(json.loads(environment.get("LANEWAY_POOL_ENV") or "{}"))
    except ValueError as error:
        raise SettingsError(f"LANEWAY_POOL_ENV: {error}") from error


def _ca_bundle(environment: Mapping[str, str]) -> CABundle | None:
    text = environment.get("LANEWAY_CA_BUNDLE")
    if not text:
        return None
    try:
        return CABundle.model_validate(json.loads(text))
    except ValidationError as error:
        raise SettingsError(f"LANEWAY_CA_BUNDLE: {problems(error, CABundle)}") from error
    except ValueError as error:
        raise SettingsError(f"LANEWAY_CA_BUNDLE: {error}") from error


def parse_budget(text: str) -> Budget:
    """From `3` or `10%`; raises `SettingsError`."""
    found = BUDGET.fullmatch(text)
    if found is None or (found[1] and int(found[1]) > MOST_LANES):
        raise SettingsError(f"LANEWAY_ROLLOUTS_MAX_LANES {NO_BUDGET}, not {text!r}")
    return Budget(lanes=int(found[1])) if found[1] else Budget(percent=int(found[2]))


def _gateways(environment: Mapping[str, str]) -> Gateways | None:
    image = environment.get("LANEWAY_GATEWAY_IMAGE")
    if not image:
        return None
    policy = _one_of(environment, "LANEWAY_GATEWAY_PULL_POLICY", PULL_POLICIES)
    return Gateways(image, policy, _peers(environment.get("LANEWAY_GATEWAY_DOORS_OPEN_TO") or "[]"))


def _tables(environment: Mapping[str, str]) -> Tables | None:
    image = environment.get("LANEWAY_PROJECTOR_IMAGE")
    if not image:
        return None
    return Tables(image, _one_of(environment, "LANEWAY_PROJECTOR_PULL_POLICY", PULL_POLICIES))


def _peers(text: str) -> tuple[dict[str, Any], ...]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise SettingsError("LANEWAY_GATEWAY_DOORS_OPEN_TO should be a list of objects, as `from` of a NetworkPolicy")
    return tuple(found)


def _lease(value: str | None) -> tuple[str, str]:
    if not value:
        return DEFAULT_LEASE
    namespace, _, name = value.partition("/")
    if not (namespace and name) or "/" in name:
        raise SettingsError(f"LANEWAY_LEASE should be namespace/name, not {value!r}")
    return namespace, name


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "false")
    if value not in ("true", "false"):
        raise SettingsError(f"{name} should be true or false, not {value!r}")
    return value == "true"


def _log_level(environment: Mapping[str, str]) -> str:
    return _one_of(environment, "LANEWAY_LOG_LEVEL", LOG_LEVELS, default="info")


def _one_of(environment: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str = "") -> str:
    value = environment.get(name) or default or allowed[0]
    if value not in allowed:
        raise SettingsError(f"{name} should be one of {', '.join(allowed)}, not {value!r}")
    return value
