"""Doors that listen, and the two clients before them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ollama
import openai

from laneway_gateway.desk import Ended
from support.doors.served import KEY, served_house
from support.inputs.offers import CHAT
from support.waiting import eventually

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from laneway_gateway.desk import Event
    from support.doors.house import House
    from support.doors.served import Served

HEADERS = {"Authorization": f"Bearer {KEY}"}
HI: Any = [{"role": "user", "content": "hi"}]
TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
DONE = Ended(CHAT, '"e"', streamed=True)
REPLAYED = Ended(CHAT, '"e"', streamed=False)


class Doors:
    """Doors that listen, and the two clients before them."""

    def __init__(self, house: House, served: Served) -> None:
        """Both as people have them, but that they try once."""
        self.house = house
        self.served = served
        self.url = served.url
        self.openai = openai.OpenAI(base_url=f"{served.url}/v1", api_key=KEY, max_retries=0)
        self.ollama = ollama.Client(host=served.url, headers=HEADERS)

    def will(self, *steps: Event | asyncio.Event) -> None:
        """What the next request meets."""
        self.house.desk.will(*steps)

    def left(self, job_id: str = "job-1") -> list[bool]:
        """How a request was left, once it was."""
        held = self.house.desk.held
        return eventually(lambda: held[job_id].left if job_id in held else [])

    def close(self) -> None:
        """Both clients' connections."""
        self.openai.close()
        self.ollama._client.close()


@contextmanager
def open_doors(**settings: Any) -> Iterator[Doors]:
    """Of a house of its own."""
    with served_house(**settings) as (house, served):
        doors = Doors(house, served)
        yield doors
        doors.close()
