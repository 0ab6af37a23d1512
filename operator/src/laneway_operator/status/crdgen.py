"""The CustomResourceDefinition, from the pool models: structural, bounded, with CEL rules. Pure.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.pool.pool import LLMWorkerPool, Spec
from laneway.schema.shared.base import PATTERN_WORDS, cel, duration_text
from laneway.schema.shared.names import GROUP, KIND, PLURAL, VERSION
from laneway_operator.status.model import PoolStatus

if TYPE_CHECKING:
    from pydantic import BaseModel

MAX_POOL_NAME = 40
RULES = "x-kubernetes-validations"
DROPPED = {"title", "discriminator", "examples", "$defs", "ge", "le"}
INT_OR_STRING = ["integer", "string"]  # Kubernetes has a word of its own for this union, and no other
NAME_RULES = cel(
    (f"size(self.metadata.name) <= {MAX_POOL_NAME}", f"the pool's name should have at most {MAX_POOL_NAME} characters"),
    ("!self.metadata.name.contains('.')", "the pool's name should have no dots: names of queues are built from it"),
)
COLUMNS = (
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', 0),
    ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', 0),
    ("Model", "string", ".spec.model.name", 0),
    ("Lanes", "integer", ".status.laneCount", 0),
    ("Workers", "string", ".status.workers", 0),
    ("Age", "date", ".metadata.creationTimestamp", 0),
    ("Message", "string", '.status.conditions[?(@.type=="Ready")].message', 1),
)
"""Name, type, path, priority: those of priority 1 are shown by `-o wide`."""


def crd() -> dict[str, Any]:
    """The whole object."""
    names = {
        "kind": KIND,
        "listKind": f"{KIND}List",
        "plural": PLURAL,
        "singular": KIND.lower(),
        "shortNames": ["lwp"],
        "categories": ["all"],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [_version()]},
    }


def _version() -> dict[str, Any]:
    root = {
        "type": "object",
        "description": (LLMWorkerPool.__doc__ or "").strip(),
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": structural(Spec),
            "status": structural(PoolStatus),
        },
        **NAME_RULES,
    }
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": kind, "jsonPath": path, "priority": priority}
            for name, kind, path, priority in COLUMNS
        ],
        "schema": {"openAPIV3Schema": root},
    }


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """A model's structural schema: no references, no unions, no null, nothing that Kubernetes does not know."""
    raw = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(raw, raw.get("$defs", {}))


def _convert(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    node = _flat(node, definitions)
    out = {key: value for key, value in node.items() if key not in DROPPED}
    if PATTERN_WORDS in out:
        out = _in_words(node, out)
    if out.get("type") == INT_OR_STRING:
        out |= {"x-kubernetes-int-or-string": True}
        del out["type"]
    if "default" in out:
        out["default"] = _without_null(out["default"])
    if "properties" in out:
        out["properties"] = {key: _convert(each, definitions) for key, each in out["properties"].items()}
        out.pop("additionalProperties", None)  # what is not in a structural schema is pruned, or refused by kubectl
    if "additionalProperties" in out:
        out["additionalProperties"] = _convert(out["additionalProperties"], definitions)
    if "items" in out:
        out["items"] = _convert(out["items"], definitions)
    return out


def _flat(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """References followed; an optional value is one that may be absent, never null."""
    while "$ref" in node or "anyOf" in node:
        rest = {key: value for key, value in node.items() if key not in ("$ref", "anyOf")}
        if "$ref" in node:
            node = definitions[node["$ref"].removeprefix("#/$defs/")] | rest
        else:
            [inner] = [option for option in node["anyOf"] if option.get("type") != "null"]
            node = inner | {key: value for key, value in rest.items() if (key, value) != ("default", None)}
    return node


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(each) for key, each in value.items() if each is not None}
    return value


def _in_words(node: dict[str, Any], out: dict[str, Any]) -> dict[str, Any]:
    """A rule in the place of a pattern: of a pattern the API server tells no more than the expression."""
    pattern, words = out.pop("pattern"), out.pop(PATTERN_WORDS)
    rule = f"{'self' if out['type'] == 'string' else 'string(self)'}.matches(r'{pattern}')"
    if {"ge", "le"} <= node.keys():  # of a duration; OpenAPI can't say that of a string
        low, high = duration_text(node["ge"]), duration_text(node["le"])
        rule += f" && duration(self) >= duration('{low}') && duration(self) <= duration('{high}')"
        words += f", from {low} to {high}"
    return out | {RULES: [*cel((rule, words))[RULES], *out.get(RULES, [])]}
