"""The live board: how each lane stands. Figures come from the workers' own log lines and from the queues."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from laneway.schema.shared import names

if TYPE_CHECKING:
    from collections.abc import Collection

    from rich.table import Table

    from laneway.client.remote import Figures

RECENT = 1000  # jobs that the percentiles cover
WINDOW_SECONDS = 30.0  # over which tokens are counted
ASLEEP = "asleep"


@dataclass
class LaneStats:
    """What one lane's workers have done since the start."""

    done: int = 0
    failed: int = 0
    restarts: int = 0
    ready: bool = False
    trouble: str = "starting"
    unusable: bool = False
    """The trouble will not pass by itself."""
    sick: str = ""
    """Why its Ollama should be started anew; until somebody has read it."""
    dead: int = 0
    """Failed by the dead-letter handler: a count of its own, as another thread counts it."""
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    tokens: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=RECENT))

    def take(self, event: dict[str, Any], now: float) -> None:
        """Take one log line of a worker's."""
        match event.get("message"):
            case names.ENGINE_READY:
                self.ready, self.trouble, self.unusable = True, "", False
            case names.ENGINE_NOT_READY:
                self.ready, self.trouble = False, str(event.get("trouble"))
                self.unusable = bool(event.get("unusable"))
            case names.ENGINE_SICK:
                self.sick = str(event.get("why"))
            case names.JOB_COMMITTED:
                self._count(event, now)
            case _:
                pass

    def died(self, how: str) -> None:
        """The worker has ended, and is started again."""
        self.ready, self.trouble = False, f"restarting after {how}"
        self.restarts += 1

    def read_sick(self) -> str:
        """What is told once."""
        why, self.sick = self.sick, ""
        return why

    def _count(self, event: dict[str, Any], now: float) -> None:
        if event.get("status") == "succeeded":
            self.done += 1
        else:
            self.failed += 1
        self.waits.append(float(event.get("queued_seconds") or 0))
        self.tokens.append((now, int(event.get("completion_tokens") or 0)))

    def tokens_per_second(self, now: float) -> float:
        """Tokens written in the last half minute."""
        return sum(count for at, count in list(self.tokens) if now - at <= WINDOW_SECONDS) / WINDOW_SECONDS


@dataclass
class HandlerStats(LaneStats):
    """The same of the dead-letter handler; what it ends counts in the jobs' lanes."""

    lanes: dict[str, LaneStats] = field(default_factory=dict)

    def take(self, event: dict[str, Any], _now: float) -> None:
        """Take one log line of its."""
        lane = self.lanes.get(str(event.get("lane")))
        if lane is not None and event.get("message") == names.JOB_COMMITTED:
            lane.dead += 1


def percentile(values: list[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


COLUMNS = ("LANE", "QUEUED", "RUNNING", "DONE", "FAILED", "WAIT P50", "WAIT P95", "TOKENS/S", "WORKER")


def rows(
    stats: dict[str, LaneStats], figures: dict[str, Figures], now: float, asleep: Collection[str] = ()
) -> list[tuple[str, ...]]:
    """One row a lane, as text; `asleep` names the lanes that start nothing now."""
    return [
        _row(name, each, figures.get(name), now, ASLEEP if name in asleep else "serving")
        for name, each in stats.items()
    ]


def _row(name: str, lane: LaneStats, figures: Figures | None, now: float, well: str) -> tuple[str, ...]:
    waits = list(lane.waits)
    return (
        name,
        "-" if figures is None else str(figures.queued + figures.delayed),
        "-" if figures is None else str(figures.running),
        str(lane.done),
        str(lane.failed + lane.dead),
        _seconds(percentile(waits, 0.5)),
        _seconds(percentile(waits, 0.95)),
        f"{lane.tokens_per_second(now):.1f}",
        well if lane.ready else lane.trouble[:60],
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}s"


def table(content: list[tuple[str, ...]]) -> Table:
    """The board for a terminal."""
    from rich.table import Table  # noqa: PLC0415 - only a terminal needs it
    from rich.text import Text  # noqa: PLC0415 - as above

    board = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        board.add_column(column, justify="left" if column in ("LANE", "WORKER") else "right")
    for row in content:
        board.add_row(*map(Text, row))  # a text alone would be read as markup
    return board


def line(content: list[tuple[str, ...]]) -> str:
    """The board for a pipe."""
    return "; ".join(
        f"{row[0]}: queued {row[1]}, running {row[2]}, done {row[3]}, failed {row[4]}, tokens/s {row[7]}"
        + (f", {ASLEEP}" if row[8] == ASLEEP else "")
        for row in content
    )
