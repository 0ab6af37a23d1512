"""JSON Schemas as other tools make them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "input" / "schemas"


def made_by_tools() -> dict[str, dict[str, Any]]:
    """Name → schema."""
    lines = [json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return {each["name"]: each["schema"] for each in lines}
