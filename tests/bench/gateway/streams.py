"""Streams of a server that speaks OpenAI's API, with the times of their pieces."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKENS = 32
SECONDS = 300.0
OPENING = 32
DATA = "data: "


@dataclass
class Streamed:
    """One answer."""

    first_ms: float = 0.0
    """From the request to its first text."""
    gaps_ms: list[float] = field(default_factory=list)
    """Between two texts."""

    def hear(self, began: float, last: float, now: float) -> None:
        """A text has come."""
        if self.first_ms:
            self.gaps_ms.append((now - last) * 1000)
        else:
            self.first_ms = (now - began) * 1000


def ask(url: str, model: str, prompts: Sequence[str], together: int) -> list[Streamed]:
    """Ask each prompt, so many of them at once."""
    return asyncio.run(_ask(url, model, prompts, together))


async def _ask(url: str, model: str, prompts: Sequence[str], together: int) -> list[Streamed]:
    turns = asyncio.Semaphore(together)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=SECONDS) as client:

        async def one(prompt: str) -> Streamed:
            async with turns:
                return await _stream(client, model, prompt)

        return await asyncio.gather(*map(one, prompts))


async def _stream(client: httpx.AsyncClient, model: str, prompt: str) -> Streamed:
    messages = [{"role": "user", "content": prompt}]
    body = {"model": model, "messages": messages, "stream": True, "max_tokens": TOKENS, "temperature": 0}
    streamed, began = Streamed(), time.perf_counter()
    last = began
    async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if _has_text(line):
                now = time.perf_counter()
                streamed.hear(began, last, now)
                last = now
    return streamed


def _has_text(line: str) -> bool:
    if not line.startswith(DATA) or line == f"{DATA}[DONE]":
        return False
    choices = json.loads(line.removeprefix(DATA))["choices"]
    return bool(choices and choices[0]["delta"].get("content"))


class Held:
    """Streams that are held open, and how many of them have begun or been refused.

    So many wait for their headers at once: a thousand sends in one moment are more than AWS' emulator takes in the ten
    seconds that the gateway gives its cloud, and what is measured is what holding costs.
    """

    def __init__(self, url: str, model: str, number: int) -> None:
        """They are opened by `run`."""
        self.begun, self.refused = 0, 0
        self._opening = asyncio.Semaphore(OPENING)
        self._url = url
        self._model = model
        self._number = number
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until they are let go."""
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=SECONDS, limits=limits) as client:
            streams = [asyncio.ensure_future(self._one(client, each)) for each in range(self._number)]
            await self._over.wait()
            await asyncio.gather(*streams, return_exceptions=True)

    def let_go(self) -> None:
        """All of them."""
        self._over.set()

    async def _one(self, client: httpx.AsyncClient, place: int) -> None:
        messages = [{"role": "user", "content": f"Count from {place}."}]
        body = {"model": self._model, "messages": messages, "stream": True, "max_tokens": TOKENS}
        async with AsyncExitStack() as stack:
            async with self._opening:
                answer = await stack.enter_async_context(client.stream("POST", "/v1/chat/completions", json=body))
            self.begun += answer.is_success
            self.refused += not answer.is_success
            await self._over.wait()
