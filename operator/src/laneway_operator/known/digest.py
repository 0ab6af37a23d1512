"""Whether an object still is what was applied: a digest of the fields that this operator owns in it. Pure.

The API server keeps, per field manager, which fields it set (`managedFields`, FieldsV1); a field that somebody else
changed is no longer among them. So the fields that we own, with their values, are exactly the applied object as long as
nobody touched it, whatever defaults and foreign fields stand beside them, and nothing needs to be remembered.
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

FIELD_MANAGER = "laneway"

Object = dict[str, Any]


def digest_of_manifest(manifest: Object) -> str:
    """The digest that an object has right after this was applied: an object's address is owned by nobody."""
    body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    body["metadata"] = {key: value for key, value in body["metadata"].items() if key not in ("name", "namespace")}
    return _hash(body)


def digest_of_object(body: Object) -> str:
    """The digest of what we own in an object; of nothing where we own nothing."""
    return _hash(owned(body))


def owned(body: Object) -> Any:
    """The part of an object that our field manager applied."""
    entries = body.get("metadata", {}).get("managedFields") or []
    ours = [each for each in entries if each.get("manager") == FIELD_MANAGER and each.get("operation") == "Apply"]
    return _pick(body, ours[0].get("fieldsV1", {})) if ours else {}


def _pick(value: Any, fields: Object) -> Any:
    inner = {key: each for key, each in fields.items() if key != "."}
    if not inner:
        return value
    if isinstance(value, list):
        return [_pick(item, each) for item, each in _items(value, inner)]
    if not isinstance(value, dict):
        return None
    return {key[2:]: _pick(value[key[2:]], each) for key, each in inner.items() if key[2:] in value}


def _items(items: list[Any], fields: Object) -> list[tuple[Any, Object]]:
    """Items of a list in their order, each with the fields owned in it (`k:` by keys, `v:` by value)."""
    keys = [(key[:2], json.loads(key[2:]), each) for key, each in fields.items()]
    return [(item, each) for item in items for sort, wanted, each in keys if _names(sort, wanted, item)]


def _names(sort: str, wanted: Any, item: Any) -> bool:
    if sort == "v:":
        return bool(wanted == item)
    return isinstance(item, dict) and all(item.get(name) == value for name, value in wanted.items())


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
