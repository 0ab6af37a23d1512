from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from laneway_gateway.doors.encoded import AT_ONCE, encoded

BODIES: list[dict[str, Any]] = [
    {},
    {"a": 1, "b": None, "c": [], "d": {}, "é\u2028": "\u2028é", "e": 1e-7, "f": True},
    {"embeddings": [[0.1, -1.0, 1e300]] * 100},
    {"data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": {"total_tokens": 1}},
    {"error": "half \ud800 a pair"},
    {"error": {"message": "half \udcff a pair", "param": None}},
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_it_is_the_same_as_pythons_own(body: dict[str, Any]) -> None:
    assert json.loads(await encoded(body)) == body


async def test_others_go_on_while_a_large_one_is_made() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going = asyncio.ensure_future(other())
    await encoded({"embeddings": [[0.5]] * (AT_ONCE * 10)})
    going.cancel()
    assert turns >= 10
