"""One answer by OpenAI's API, token by token, while the worker that makes it is killed."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LANE = "slow"
QUESTION = "Write a short and friendly letter to a supplier whose delivery is a week late."
MOST_TOKENS = 120
SECONDS = 600.0
NAMED = "chatcmpl-"


@dataclass
class Streamed:
    """What has come so far."""

    job_id: str = ""
    pieces: list[tuple[float, str]] = field(default_factory=list)
    """When each came, and what it says."""
    error: str = ""
    ended: bool = False
    begun: threading.Event = field(default_factory=threading.Event)
    """Set when so many words are there that somebody would miss the rest."""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(each for _, each in self.pieces)

    @property
    def silence(self) -> tuple[int, float]:
        """The longest one: after how many pieces, and how long."""
        times = [at for at, _ in self.pieces]
        gaps = [after - before for before, after in pairwise(times)]
        longest = max(gaps, default=0.0)
        return gaps.index(longest) + 1 if gaps else 0, longest


def ask(state: Path, pieces: int) -> tuple[Streamed, threading.Thread]:
    """Ask in a thread; `begun` is set after so many pieces."""
    streamed = Streamed()
    url = json.loads((state / "gateway" / "addresses.json").read_text())["url"]
    thread = threading.Thread(target=_listen, args=(streamed, url, pieces), daemon=True)
    thread.start()
    return streamed, thread


def _listen(streamed: Streamed, url: str, pieces: int) -> None:
    body = {
        "model": f"lane:{LANE}",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "temperature": 0,
        "max_tokens": MOST_TOKENS,
    }
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=SECONDS, trust_env=False) as answer:
        for event in _events(answer.raise_for_status().iter_lines()):
            streamed.error = streamed.error or str(event.get("error", {}).get("message", ""))
            streamed.job_id = str(event.get("id", streamed.job_id)).removeprefix(NAMED)
            for choice in event.get("choices", ()):
                if choice["delta"].get("content"):
                    streamed.pieces.append((time.monotonic(), choice["delta"]["content"]))
                streamed.ended |= choice["finish_reason"] is not None
            if len(streamed.pieces) >= pieces:
                streamed.begun.set()
    streamed.begun.set()


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Of a stream of OpenAI's: `data: {…}`, and `data: [DONE]` at the end."""
    for line in lines:
        data = line.removeprefix("data: ")
        if data.startswith("{"):
            yield json.loads(data)
