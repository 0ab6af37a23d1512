"""Whatever is asked, the doors answer in their own shapes, and leave each job once."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from laneway_gateway.desk import Ended
from support.doors.house import KEY, House
from support.doors.translated import recorded
from support.inputs.offers import CHAT, VECTORS

if TYPE_CHECKING:
    from support.doors.house import Call

PATHS = [
    "/", "/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show", "/api/tags", "/api/ps",
    "/api/version", "/api/pull", "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models",
    "/v1/models/gemma3:4b", "/v1/responses", "/v1/responses/resp_job-1", "/v1/responses/resp_job-1/cancel", "/jobs",
    "/jobs/job-1", "/jobs/job-1/result", "/jobs/job-1/stream", "/jobs/job-1/cancel", "/openapi.json", "/other",
]  # fmt: skip
NAMES = [
    "authorization", "x-api-key", "content-type", "content-length", "host", "origin", "prefer", "idempotency-key",
    "x-laneway-lane", "x-laneway-on-disconnect", "x-stainless-retry-count", "x-stainless-read-timeout", "accept",
]  # fmt: skip
WORDS = [
    f"Bearer {KEY}", "Bearer", "Basic", "Basic bHc=", "application/json", "127.0.0.1", "respond-async", "keep", "slow",
    "1", "-1", "1e999", "NaN", "\xb2", "\xff", "",
]  # fmt: skip
VALUES = st.sampled_from(WORDS) | st.text(st.characters(max_codepoint=255), max_size=20)
BODIES = [call["body"] for calls in recorded().values() for call in calls.values()]
ODD = st.sampled_from([b"", b"{", b"[]", b"null", b'{"prompt": "hi"}', b"\xff", b"{}" * 50]) | st.binary(max_size=20)
QUERIES = st.sampled_from(["", "?wait=1", "?wait=x", "?stream=true", "?stream=true&starting_after=1", "?%ff=%"])


class Willing:
    """A house in which each job ends at once."""

    def __init__(self) -> None:
        """Its clock stands still."""
        self.house = House()
        self.house.desk.will(Ended(CHAT, '"e"', streamed=False))
        self.house.desk.will(Ended(VECTORS, '"e"', streamed=False))

    async def ask(self, method: str, path: str, headers: dict[str, str], body: Any) -> Call:
        """Once for a job that there may be, and once for this."""
        await self.house.ask("/jobs", {"prompt": "hi"})
        call = self.house.call(method, path, headers)
        call.give(body)
        for _ in range(7):
            await self.house.clock.advance(10)
        if not call.task.done():
            await call.hang_up()
        assert call.task.done()
        return call


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def _check(method: str, path: str, headers: dict[str, str], body: Any, defects: list[str]) -> None:
    willing = Willing()
    call = await willing.ask(method, path, headers, _bytes(body))
    assert defects == []
    assert call.status is None or 200 <= call.status <= 503
    if call.sent and call.status and call.status >= 400:
        assert method == "HEAD" or "error" in call.json
    assert all(len(each.left) >= 1 for each in willing.house.desk.held.values())
    assert willing.house.figures.now_held == 0
    await willing.house.close()


class _Defects(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "HEAD"]),
    path=st.sampled_from(PATHS).flatmap(lambda path: QUERIES.map(lambda query: path + query)),
    headers=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
    body=st.sampled_from(BODIES) | ODD,
)
@example(method="POST", path="/api/chat", headers={"content-length": "\xb2"}, body={})
@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_whatever_is_asked_is_answered(method: str, path: str, headers: dict[str, str], body: Any) -> None:
    defects = _Defects()
    logger = logging.getLogger("laneway_gateway")
    logger.addHandler(defects)
    try:
        asyncio.run(_check(method, path, headers, body, defects.said))
    finally:
        logger.removeHandler(defects)
