"""Placement profiles that both the model and the API server must refuse, and profiles that both accept."""

from __future__ import annotations

from typing import Any

from support.inputs.bad_pools import Bad, Good
from support.inputs.profiles import gpu, profile_with

ALIAS = "should be small letters, digits and dashes, with a letter or a digit at both ends"
DEVICE = "should be a node's device by its resource, such as nvidia.com/gpu"
ONE_DEVICE = "give exactly one kind of accelerator: extendedResource"
MEMORY = "memory should be 64Mi to 64Ti, with its unit"
QUANTITY = "should be a quantity such as 500m, 2 or 8Gi"
PRICE = (
    "should be USD for an hour, in quotes and with at most six digits behind the point, such as '0.1578'"  # the words
)
QUOTES = "spec.pricePerHour: should be a text: write it in quotes"
NO_TEXT = "spec.pricePerHour in body must be of type string"
NO_VALUE = "a toleration with operator Exists takes no value: leave it out, or write operator Equal"
NEEDS_KEY = "a toleration without a key bears every taint: give it a key, or operator Exists"
ONLY_EXECUTED = "tolerationSeconds are of the effect NoExecute alone: leave them out, or write that effect"
LABEL = "should be letters, digits, dashes, underscores and dots, a letter or a digit at both ends, such as team-a"
KEY = "should be a taint's key as in Kubernetes, such as nvidia.com/gpu"
BEARS = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


def _bad(name: str, words: str, server: str, **spec: Any) -> Bad:
    return Bad(name, profile_with(**spec), words, server)


def _device(what: str, words: str, server: str, **device: Any) -> Bad:
    return _bad(what, words, server, accelerator={"extendedResource": {"name": "nvidia.com/gpu", **device}})


def _toleration(name: str, words: str, server: str, **toleration: Any) -> Bad:
    return _bad(name, words, server, tolerations=[toleration])


def _price(value: object) -> Bad:
    return _bad(f"a price of {value!r}", PRICE, PRICE, pricePerHour=value)


def _number(value: float) -> Bad:
    return _bad(f"a price that is the number {value}", QUOTES, NO_TEXT, pricePerHour=value)


BAD = (
    _number(0.15),
    _number(1),
    *map(_price, ("", "free", "-1", "$0.15", "0,15", ".15", "1.", "1e3", "1_000", "0.1234567", "1000000.5", "NaN")),
    _bad("a price that is too long", "at most 16 characters", "may not be more than 16", pricePerHour="1" * 17),
    _bad("an accelerator of no kind", ONE_DEVICE, ONE_DEVICE, accelerator={}),
    _bad(
        "an accelerator as it was written before",
        "spec.accelerator.resource: unknown field",
        'unknown field "spec.accelerator.resource"',
        accelerator={"resource": "nvidia.com/gpu"},
    ),
    _bad(
        "a device without a name",
        "spec.accelerator.extendedResource.name: is missing; add it",
        "spec.accelerator.extendedResource.name: Required",
        accelerator={"extendedResource": {"count": 1}},
    ),
    _device("a device without a domain", DEVICE, DEVICE, name="gpu"),
    _device("a device with a slash at its end", DEVICE, DEVICE, name="nvidia.com/"),
    _device("no device", "count: should be greater than or equal to 1", "greater than or equal to 1", count=0),
    _device("17 devices", "count: should be less than or equal to 16", "less than or equal to 16", count=17),
    _device("a memory without its unit", f"{MEMORY}, not 24", MEMORY, memory=24),
    _device("a memory that nothing has", f"{MEMORY}, not 65Ti", MEMORY, memory="65Ti"),
    _device("a memory in GB", QUANTITY, QUANTITY, memory="16GB"),
    _device("much memory", QUANTITY, QUANTITY, memory="much"),
    _device("a negative memory", QUANTITY, QUANTITY, memory="-1Gi"),
    _bad("preemptible", "spec.interruption: should be 'spot'", 'supported values: "spot"', interruption="preemptible"),
    _bad("a slip", "did you mean interruption?", 'unknown field "spec.interuption"', interuption="spot"),
    _bad("an affinity", "spec.affinity: unknown field; remove it", 'unknown field "spec.affinity"', affinity={}),
    _bad(
        "a label that is no text",
        "spec.nodeSelector.spot: should be a text: write it in quotes",
        "spec.nodeSelector.spot in body must be of type string",
        nodeSelector={"spot": True},
    ),
    _bad("a label of two words", LABEL, LABEL, nodeSelector={"zone": "a b"}),
    _bad("33 labels", "at most 32 items", "must have at most 32", nodeSelector={f"l{n}": "a" for n in range(33)}),
    _toleration("a value beside Exists", NO_VALUE, NO_VALUE, key="a", operator="Exists", value="b"),
    _toleration("a toleration of nothing", NEEDS_KEY, NEEDS_KEY),
    _toleration("a toleration of an effect", NEEDS_KEY, NEEDS_KEY, effect="NoSchedule"),
    _toleration("Equal without a key", NEEDS_KEY, NEEDS_KEY, operator="Equal", value="a"),
    _toleration("seconds of no effect", ONLY_EXECUTED, ONLY_EXECUTED, key="a", tolerationSeconds=5),
    _toleration(
        "seconds of another effect", ONLY_EXECUTED, ONLY_EXECUTED, key="a", effect="NoSchedule", tolerationSeconds=5
    ),
    _toleration("a key of two words", KEY, KEY, key="a b", operator="Exists"),
    _toleration(
        "an effect that is none", "effect: should be 'NoSchedule'", "supported values", key="a", effect="Never"
    ),
    _toleration("an operator that is none", "operator: should be 'Exists'", "supported values", key="a", operator="Is"),
    _bad("33 tolerations", "at most 32 items", "must have at most 32 items", tolerations=[BEARS | {"key": "a"}] * 33),
    Bad("no spec", {k: v for k, v in profile_with().items() if k != "spec"}, "spec: is missing", "spec: Required"),
    Bad("a name with a dot", profile_with("g5.xlarge"), ALIAS, "the profile's name should have no dots"),
    Bad(
        "a name of 64 characters",
        profile_with("p" * 64),
        "metadata.name: should have at most 63 characters",
        "the profile's name should have at most 63 characters",
    ),
)

BEYOND_CEL = (
    _bad(
        "a label whose name is none",
        "spec.nodeSelector: a b: a label's name should be as in Kubernetes",
        "",
        nodeSelector={"a b": "c"},
    ),
)
"""What the API server lets through, as a key has no bound of its own for CEL."""


def _good(name: str, **spec: Any) -> Good:
    return Good(name, profile_with(**spec))


GOOD = (
    _good("any node"),
    _good(
        "everything",
        nodeSelector={"node.kubernetes.io/instance-type": "g4dn.xlarge", "karpenter.sh/capacity-type": "spot"},
        tolerations=[BEARS],
        accelerator=gpu(memory="15Gi"),
        interruption="spot",
        pricePerHour="0.1578",
    ),
    _good("a free node", pricePerHour="0"),
    _good("a dear node", pricePerHour="999999.999999"),
    _good("a device without count and memory", accelerator={"extendedResource": {"name": "amd.com/gpu"}}),
    _good("memory in bytes", accelerator=gpu(memory="17179869184")),
    _good("memory as a number", accelerator={"extendedResource": {"name": "a.b/c", "memory": 17179869184}}),
    _good("a half", accelerator=gpu(memory="22.5Gi")),
    _good("a MIG slice", accelerator=gpu(name="nvidia.com/mig-1g.5gb")),
    _good("every taint", tolerations=[{"operator": "Exists"}]),
    _good("a taint with a value", tolerations=[{"key": "pool", "value": "gpu"}]),
    _good("an empty value", nodeSelector={"node-role.kubernetes.io/gpu": ""}, tolerations=[{"key": "a", "value": ""}]),
    _good("a while", tolerations=[{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]),
    Good("a long name", profile_with("p" * 63)),
)
