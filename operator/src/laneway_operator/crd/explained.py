"""What `kubectl explain` says of a field: besides its words its default, its bounds, and what an edit does. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway_operator.crd.edits import Does
from laneway_operator.crd.structural import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_operator.crd.edits import Edit

EFFECTS = {
    Does.REFUSED: "Can't be changed.",
    Does.ANOTHER: "A change takes the lane away and makes another.",
    Does.ROLLS: "A change replaces workers.",
    Does.REREAD: "Running workers read a change again.",
    Does.SCALES: "A change scales, and replaces no worker.",
    Does.PROJECTOR: "A change replaces the projector; events wait meanwhile.",
    Does.GATEWAYS: "A change replaces the gateways, one after the other.",
    Does.COUNTS: "A change sets their number once.",
    Does.NOTHING: "A change does nothing to workers.",
}
"""The first that applies is told: it has the most weight."""
READ_OR_ROLLED = "Running workers read a change again, and are replaced where it changes their pod."
BOUNDS = {
    "maxLength": "At most {} characters.",
    "maxItems": "At most {}.",
    "maxProperties": "At most {}.",
}


def explained(schema: dict[str, Any], edits: Mapping[str, Edit], place: str = "") -> dict[str, Any]:
    """A structural schema whose fields are described in full; `place` is where its own fields stand in `edits`."""
    out = dict(schema)
    if "items" in out:
        out["items"] = explained(out["items"], edits, f"{place.removesuffix('.')}[].")
    if "properties" in out:
        required = out.get("required", ())
        out["properties"] = {
            name: _field(explained(each, edits, f"{place}{name}."), edits.get(f"{place}{name}"), name in required)
            for name, each in out["properties"].items()
        }
    return out


def _field(schema: dict[str, Any], edit: Edit | None, required: bool) -> dict[str, Any]:  # noqa: FBT001 - a value
    said = schema.get("description", "").strip()
    more = [*_bounds(schema), *([] if required else _default(schema))]
    more += [_effect(edit)] if edit else []
    sentences = [said, *(each for each in more if each.rstrip(".").lower() not in said.lower())]
    return schema | {"description": " ".join(each for each in sentences if each)}


def _effect(edit: Edit) -> str:
    if {Does.ROLLS, Does.REREAD} <= edit.does:
        return READ_OR_ROLLED
    return next(words for does, words in EFFECTS.items() if does in edit.does)


def _default(schema: dict[str, Any]) -> list[str]:
    """Where the words don't tell it already, nor do those of the fields inside."""
    if "Default" in schema.get("description", ""):
        return []
    match schema.get("default"):
        case None:
            return [] if "properties" in schema else ["Default: none."]
        case bool() as value:
            return [f"Default: {str(value).lower()}."]
        case dict() | list() as value:
            return [] if value else ["Default: none."]
        case int() | str() as value:
            return [f"Default: {value}."]
        case _:
            return []


def _is_measured(schema: dict[str, Any]) -> bool:
    """Of a duration or a quantity nobody asks for how many characters it has."""
    return any(f"{kind}(" in rule["rule"] for rule in schema.get(RULES, ()) for kind in ("duration", "quantity"))


def _bounds(schema: dict[str, Any]) -> list[str]:
    if "minimum" in schema and "maximum" in schema:
        return [f"{schema['minimum']:,} to {schema['maximum']:,}."]
    if "characters" in schema.get("description", "") or _is_measured(schema):
        return []
    return [words.format(f"{schema[name]:,}") for name, words in BOUNDS.items() if name in schema]
