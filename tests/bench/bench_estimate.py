"""`make bench-estimate`: how often the range of eight in ten held, by depth and by how the lane stood. Asserts nothing.

`PARTS="played real"` runs some parts only; `QUICK=1` plays little.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from bench.estimate.lane import KINDS, Played

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.estimate.lane import Wait

JOBS = 3000
PARTS = "played real"
FIGURES = ".laneway/bench-estimate.json"
HEAD = "| lane | waits | held | width | error | error by Little's law |\n|---|---|---|---|---|---|"
LEAST = 1.0  # seconds: below nobody waits


def main() -> None:
    """Print tables, and write one JSON file."""
    figures: dict[str, Any] = {}
    for part in os.environ.get("PARTS", PARTS).split():
        rows = _played() if part == "played" else _real()
        figures[part] = {name: _figures(waits) for name, waits in rows.items()}
        print(f"\n## {part}\n\n{HEAD}")
        for name, each in figures[part].items():
            print(_row(name, each))
    path = Path(os.environ.get("FIGURES", FIGURES))
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(figures, indent=1))
    print(f"\nall figures: {path}")


def _played() -> dict[str, list[Wait]]:
    found: dict[str, list[Wait]] = {}
    grouped: defaultdict[str, list[Wait]] = defaultdict(list)
    for kind in KINDS:
        waits = Played(kind, seed=1).run(300 if os.environ.get("QUICK") else JOBS)
        found[kind.name] = waits
        for each in waits:
            grouped[f"all: {each.told.depth}, {each.told.standing}"].append(each)
    return found | dict(sorted(grouped.items()))


def _real() -> dict[str, list[Wait]]:
    from bench.estimate.real import measured  # noqa: PLC0415 - it starts servers

    waits = measured()
    grouped: defaultdict[str, list[Wait]] = defaultdict(list)
    for each in waits:
        grouped[f"all: {each.told.depth}, {each.told.standing}"].append(each)
    return {"a real worker, a stub of Ollama": waits} | dict(sorted(grouped.items()))


def _figures(waits: Iterable[Wait]) -> dict[str, float]:
    """`held` is the share within the range; what begins within a second may be foretold as at once. `width` and errors
    are medians, in shares of the wait.
    """
    all_ = list(waits)
    late = [each for each in all_ if each.actual >= LEAST]
    return {
        "waits": len(all_),
        "held": round(mean(_held(each) for each in all_), 3),
        "width": round(median(_width(each) for each in late), 2) if late else 0.0,
        "error": round(median(_error(each, each.told.median_seconds or 0.0) for each in late), 2) if late else 0.0,
        "little": round(median(_error(each, each.little) for each in late), 2) if late else 0.0,
    }


def _held(wait: Wait) -> bool:
    low, high = wait.told.low_seconds or 0.0, wait.told.high_seconds or 0.0
    return low <= max(wait.actual, LEAST) <= max(high, LEAST) or low <= wait.actual <= high


def _width(wait: Wait) -> float:
    return ((wait.told.high_seconds or 0.0) - (wait.told.low_seconds or 0.0)) / wait.actual


def _error(wait: Wait, told: float) -> float:
    return abs(told - wait.actual) / wait.actual


def _row(name: str, each: dict[str, float]) -> str:
    shares = " | ".join(f"{100 * each[part]:.0f} %" for part in ("held", "width", "error", "little"))
    return f"| {name} | {each['waits']:,.0f} | {shares} |"


if __name__ == "__main__":
    main()
