"""Figures with their spread, as Markdown tables and as JSON."""

from __future__ import annotations

import json
import os
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Spread:
    """What several measurements of one thing gave."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def percentile(self, share: float) -> float:
        """The smallest value that this share of all does not exceed."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def show(self, digits: int = 1) -> str:
        """Median and range."""
        return f"{self.median:.{digits}f} ({min(self.values):.{digits}f} to {max(self.values):.{digits}f})"

    def show_tail(self, digits: int = 1) -> str:
        """Median and 95th percentile."""
        return f"p50 {self.median:.{digits}f}, p95 {self.percentile(0.95):.{digits}f}"


@dataclass
class Report:
    """Collects tables; prints each as soon as it is there."""

    tables: list[dict[str, Any]] = field(default_factory=list)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
        """Print a table and keep it."""
        self.tables.append({"title": title, "columns": columns, "rows": rows, "note": note, **surroundings()})
        print(text(self.tables[-1]), flush=True)

    def write(self, path: Path) -> None:
        """Everything in one file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"machine": machine(), "tables": self.tables}, ensure_ascii=False, indent=1))


def text(table: dict[str, Any]) -> str:
    """As Markdown, with when it was made and beside how much else."""
    lines = [table["columns"], ["---"] * len(table["columns"]), *table["rows"]]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    made = f"{table['at']}, load {table['load']:.1f}. {table['note']}".rstrip()
    return f"\n## {table['title']}\n\n{rows}\n\n{made}"


def surroundings() -> dict[str, Any]:
    """When, and beside how much else."""
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "load": os.getloadavg()[0]}


def machine() -> dict[str, Any]:
    """What this ran on."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": os.cpu_count(), "memory": f"{gigabytes:.0f} GiB", "system": os.uname().release}
