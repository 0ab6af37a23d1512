"""`make bench-gateway`: what a gateway adds to Ollama, beside LiteLLM's proxy to the same Ollama. Asserts nothing.

`ROUNDS=3` asks less, to see that everything works; `HELD=1000` holds that many streams. `PAGE=…` writes a page of it.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.gateway.contenders import contenders
from bench.gateway.page import page
from bench.gateway.streams import TOKENS, Held, ask
from bench.worker.report import Report, Spread
from support.ollama.real import SMOLLM

if TYPE_CHECKING:
    from bench.gateway.contenders import Contender
    from bench.gateway.queue import BareQueue

ENOUGH = 20
ROUNDS = int(os.environ.get("ROUNDS", str(ENOUGH)))
HELD = int(os.environ.get("HELD", "200"))
FIGURES = ".laneway/bench-gateway.json"
TOGETHER = (1, 8)
HELD_SECONDS = 600.0
CALM_SECONDS = 15
COLUMNS = (
    "",
    "first text, ms",
    "between two texts, ms",
    "CPU a request, ms",
    "CPU a thousand tokens, ms",
    "memory, MB",
)
NOTE = (
    "Each round asks each of them, another one first each time, by prompts that nobody has asked before. CPU and "
    "memory are those of the processes beside Ollama and AWS' emulator. A message's way through the emulator's queue "
    "is in the gateway's first text; the last line is that way alone, on a queue beside it: AWS has other times."
)


@dataclass
class Measured:
    """What one contender gave."""

    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    cpu: float = 0.0
    requests: int = 0

    def row(self, contender: Contender) -> list[str]:
        """Its line of the table."""
        each = self.cpu / self.requests * 1000
        cost = [f"{each:.1f}", f"{each / TOKENS * 1000:.0f}", f"{contender.megabytes():.0f}"]
        tails = [Spread(values).show_tail() for values in (self.first, self.gaps)]
        return [contender.name, *tails, *(cost if contender.processes else [""] * 3)]


def _measure(sides: tuple[Contender, ...], queue: BareQueue, together: int, report: Report) -> None:
    found, passed = {each.name: Measured() for each in sides}, list[float]()
    for number in range(ROUNDS):
        passed += queue.pass_through(together)
        first = number % len(sides)
        for place, side in enumerate((*sides[first:], *sides[:first])):
            before = side.cpu_seconds()
            streams = ask(side.url, SMOLLM, _prompts(number * len(sides) + place, together), together)
            measured = found[side.name]
            measured.cpu += side.cpu_seconds() - before
            measured.requests += together
            measured.first += [each.first_ms for each in streams]
            measured.gaps += [gap for each in streams for gap in each.gaps_ms]
    rows = [found[side.name].row(side) for side in sides]
    rows.append(["a message, from its sending by boto3 to its receiving", Spread(passed).show_tail(), *[""] * 4])
    report.table(f"{together} at once, {TOKENS} tokens, rounds: {ROUNDS}", COLUMNS, rows, NOTE)


def _prompts(turn: int, together: int) -> list[str]:
    """Nobody's twice: Ollama remembers what it has read, and the second to ask would not pay for it."""
    return [f"{turn * together + each:06}: tell me of this number." for each in range(together)]


async def _held(side: Contender) -> list[str]:
    """Until neither its memory nor the number of begun streams has grown for so long."""
    before = side.megabytes()
    held = Held(side.url, SMOLLM, HELD)
    running = asyncio.ensure_future(held.run())
    most, begun, calm = before, 0, 0
    async with asyncio.timeout(HELD_SECONDS):
        while calm < CALM_SECONDS:
            await asyncio.sleep(1)
            now = max(most, side.megabytes()), held.begun
            calm = calm + 1 if now == (most, begun) else 0
            most, begun = now
    held.let_go()
    await running
    return [side.name, str(begun), str(held.refused), f"{before:.0f}", f"{most:.0f}"]


def main() -> None:
    """Measure, print tables, and write one JSON file, and a page where one is asked for."""
    report, file = Report(), Path(os.environ.get("FIGURES", FIGURES))
    with tempfile.TemporaryDirectory() as folder, contenders(Path(folder)) as (sides, queue):
        for side in sides:
            ask(side.url, SMOLLM, ["Warm up."], 1)
        for together in TOGETHER:
            _measure(sides, queue, together, report)
        rows = [asyncio.run(_held(side)) for side in sides if side.name in ("gateway", "LiteLLM's proxy")]
        report.table(f"{HELD} streams held", ("", "begun", "refused", "memory before, MB", "at most, MB"), rows)
    report.write(file)
    print(f"\nall figures: {file}")
    if "PAGE" in os.environ:
        Path(os.environ["PAGE"]).write_text(page(report, short=ROUNDS < ENOUGH))


if __name__ == "__main__":
    main()
