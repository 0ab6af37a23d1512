"""Gateways for both sides, as in tests/support/inputs/bad_pools.py."""

from __future__ import annotations

from typing import Any

from support.inputs.bad_pools import DURATION, OBJECT, QUANTITY, UNKNOWN, Bad, Good
from support.inputs.pools import pool_with

KEYS = {"keys": {"secretName": "documents-keys"}}
NO_KEYS = "say which Secret holds the keys of those who may come in: keys: {secretName: documents-keys}"
ANNOTATION = "annotations of laneway.dev/ are Laneway's; use your own"
KEY_IN_IT = (
    "should be a key of a Secret: letters, digits, dashes, underscores and dots, no dot first, such as keys.json"
)


def gateway(**fields: Any) -> dict[str, Any]:
    """A pool with a gateway; None takes a field away."""
    found = {key: each for key, each in (KEYS | fields).items() if each is not None}
    return pool_with(gateway=found)


def _bad(case: str, words: str, server: str | None = None, /, **fields: Any) -> Bad:
    return Bad(case, gateway(**fields), words, server or words)


def _good(case: str, /, **fields: Any) -> Good:
    return Good(case, gateway(**fields))


BAD = (
    Bad("a gateway of nothing", pool_with(gateway={}), f"spec.gateway: {NO_KEYS}", NO_KEYS),
    _bad("a gateway without keys", f"spec.gateway: {NO_KEYS}", NO_KEYS, keys=None, replicas=1),
    _bad(
        "a gateway's keys in no Secret",
        "spec.gateway.keys.secretName: is missing; add it",
        "spec.gateway.keys.secretName: Required",
        keys={},
    ),
    _bad("a Secret's name in capitals", f"keys.secretName: {OBJECT}", OBJECT, keys={"secretName": "Keys"}),
    _bad(
        "a Secret's key that is a path",
        f"keys.key: {KEY_IN_IT}",
        KEY_IN_IT,
        keys={"secretName": "a", "key": "../keys.json"},
    ),
    _bad("keys in the pool", f"spec.gateway.keys.file: {UNKNOWN}", UNKNOWN, keys={"secretName": "a", "file": ""}),
    _bad("no gateways", "should be greater than or equal to 1", replicas=0),
    _bad("101 gateways", "should be less than or equal to 100", replicas=101),
    _bad("an edge that is soon tired", "greater than or equal to 15s", f"{DURATION}, from 15s", edgeIdleTimeout="14s"),
    _bad("an edge that never tires", "less than or equal to 1h6m40s", "to 1h6m40s", edgeIdleTimeout="4001s"),
    _bad("an edge's time without a unit", "spec.gateway.edgeIdleTimeout: ", "edgeIdleTimeout", edgeIdleTimeout=60),
    _bad("a wait in words", f"spec.gateway.maxWait: {DURATION}", DURATION, maxWait="long"),
    _bad("a wait of no time", "should be greater than or equal to 1s", f"{DURATION}, from 1s", maxWait="0s"),
    _bad("a wait of two days", "less than or equal to 24h", "from 1s to 24h", maxWait="48h"),
    _bad("a tier's lane that there is not", "gateway.lanes should name lanes of the pool, which are",
         "gateway.lanes should name lanes of the pool", lanes={"flex": "nowhere"}),
    _bad("a tier that there is not", f"spec.gateway.lanes.scale: {UNKNOWN}", UNKNOWN, lanes={"scale": "fast"}),
    _bad("a catalogue for some", "anonymousCatalogue", "anonymousCatalogue", anonymousCatalogue="yes"),
    _bad("a gateway's memory in bytes", "memory is 512", "memory and ephemeral-storage should be 64Mi to 64Ti",
         resources={"limits": {"memory": 512}}),
    _bad("a gateway's memory in other units", QUANTITY, resources={"limits": {"memory": "512MB"}}),
    _bad("a gateway that asks for more than it may use", "requests.memory (1Gi) should be at most limits.memory",
         "requests.memory should be at most limits.memory",
         resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}),
    _bad("a Service of another kind", f"spec.gateway.service.type: {UNKNOWN}", UNKNOWN, service={"type": "NodePort"}),
    _bad("a Service's annotation that is Laneway's", ANNOTATION, service={"annotations": {"laneway.dev/pool": "a"}}),
    _bad("17 annotations of a Service", "at most 16", "must have at most 16 items",
         service={"annotations": {f"a{number}": "b" for number in range(17)}}),
    _bad("a gateway of another's name", f"spec.gateway.serviceAccount.name: {UNKNOWN}", UNKNOWN,
         serviceAccount={"name": "claims"}),
    _bad("a gateway's account with Laneway's annotation", ANNOTATION,
         serviceAccount={"annotations": {"laneway.dev/a": "b"}}),
)  # fmt: skip

GOOD = (
    _good("a gateway"),
    _good("one gateway", replicas=1),
    _good("a gateway's Secret with another key", keys={"secretName": "a.b", "key": "team_A-1.json"}),
    _good("the shortest times of a gateway", edgeIdleTimeout="15s", maxWait="1s"),
    _good("the longest times of a gateway", edgeIdleTimeout="1h6m40s", maxWait="24h"),
    _good("a gateway that shows its models", anonymousCatalogue=True),
    _good("a large gateway", replicas=100, resources={"requests": {"cpu": 2}, "limits": {"memory": "2Gi"}}),
    _good("a Service with annotations", service={"annotations": {"service.kubernetes.io/topology-mode": "Auto"}}),
    _good(
        "a gateway with a role",
        serviceAccount={"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/gateway"}},
    ),
)
