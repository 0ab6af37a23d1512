"""A model as the structural schema that a CustomResourceDefinition holds: bounded, with CEL rules. Pure.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.shared.base import PATTERN_WORDS, cel, duration_text

if TYPE_CHECKING:
    from pydantic import BaseModel

RULES = "x-kubernetes-validations"
DROPPED = {"title", "discriminator", "examples", "$defs", "ge", "le"}
INT_OR_STRING = ["integer", "string"]  # Kubernetes has a word of its own for this union, and no other


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """A model's structural schema: no references, no unions, no null, nothing that Kubernetes does not know."""
    raw = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(raw, raw.get("$defs", {}))


def _convert(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    out = _alone(_flat(node, definitions))
    if "properties" in out:
        out["properties"] = {key: _convert(each, definitions) for key, each in out["properties"].items()}
        out.pop("additionalProperties", None)  # what is not in a structural schema is pruned, or refused by kubectl
    if "additionalProperties" in out:
        out["additionalProperties"] = _convert(out["additionalProperties"], definitions)
    if "items" in out:
        out["items"] = _convert(out["items"], definitions)
    return out


def _alone(node: dict[str, Any]) -> dict[str, Any]:
    """What a schema says itself, without those inside it."""
    out = {key: value for key, value in node.items() if key not in DROPPED}
    if PATTERN_WORDS in out:
        out = _in_words(node, out)
    if out.get("type") == INT_OR_STRING:
        out |= {"x-kubernetes-int-or-string": True}
        del out["type"]
    if "required" in out:
        out["required"] = _required(out)
    if "const" in out:
        out["enum"] = [out.pop("const")]
    if "default" in out:
        out["default"] = _without_null(out["default"])
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


def _required(node: dict[str, Any]) -> list[str]:
    """Without what a rule asks for in words: of a required field the API server says that it is, and asks no rule."""
    asked = {rule["rule"] for rule in node.get(RULES, [])}
    return [name for name in node["required"] if f"has(self.{name})" not in asked]


def _in_words(node: dict[str, Any], out: dict[str, Any]) -> dict[str, Any]:
    """A rule in the place of a pattern: of a pattern the API server tells no more than the expression."""
    pattern, words = out.pop("pattern"), out.pop(PATTERN_WORDS)
    rule = f"{'self' if out['type'] == 'string' else 'string(self)'}.matches(r'{pattern}')"
    if {"ge", "le"} <= node.keys():  # of a duration; OpenAPI can't say that of a string
        low, high = duration_text(node["ge"]), duration_text(node["le"])
        rule += f" && duration(self) >= duration('{low}') && duration(self) <= duration('{high}')"
        words += f", from {low} to {high}"
    return out | {RULES: [*cel((rule, words))[RULES], *out.get(RULES, [])]}
