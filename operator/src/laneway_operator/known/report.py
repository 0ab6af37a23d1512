"""What a worker wrote onto its own pod. It is a worker's word, and is read like anything from outside. Pure."""

from __future__ import annotations

import re
from typing import Any

from laneway.schema.shared.names import REPORT
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly

MAX_ANNOTATION = 4096  # a worker writes less than a quarter of it
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def report_of(body: dict[str, Any]) -> dict[str, Any]:
    """The report on a pod; empty where there is none that can be read."""
    text = body["metadata"].get("annotations", {}).get(REPORT)
    if text is None or len(text) > MAX_ANNOTATION:
        return {}
    try:
        told = read_strictly(text.encode(errors="replace"))
    except NotStrictJSON:
        return {}
    return told if isinstance(told, dict) else {}


def digest_in(report: dict[str, Any]) -> str | None:
    """The digest of the model that is loaded, where the worker says so."""
    digest = str(report.get("digest"))
    return digest if DIGEST.fullmatch(digest) else None


def engine_of_pod(body: dict[str, Any], container: str) -> str | None:
    """The image that a container runs: as it was asked for, with the digest where the node's runtime tells one."""
    asked = (each["image"] for each in body["spec"].get("initContainers", []) if each.get("name") == container)
    image = next(asked, None)
    statuses = body.get("status", {}).get("initContainerStatuses", [])
    found = next((str(each.get("imageID", "")) for each in statuses if each.get("name") == container), "")
    digest = found.rpartition("@")[2] if "@" in found else ""
    return f"{image}@{digest}" if image and "@" not in image and DIGEST.fullmatch(digest) else image
