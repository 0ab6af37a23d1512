"""The doors under the server that they have in earnest: requests that are refused, jobs without an answer, and
connections that are cut, half sent and slow.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import httpx
import ollama
import openai
import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_gateway.desk import Broken, Ended, Record
from laneway_gateway.errors import PoolUnreachable, TooManyHeld
from support.doors.clients import HEADERS, HI, REPLAYED, TOOL, Doors, open_doors
from support.doors.served import KEY
from support.inputs.offers import (
    CHAT_RECORDS,
    EMBEDDER,
    MODEL,
    failed,
)
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def doors() -> Iterator[Doors]:
    with open_doors() as opened:
        yield opened


Ask = Any
BAD: dict[str, tuple[Ask, type[openai.APIStatusError], int, str]] = {
    "unknown model": ({"model": "gpt-4o"}, openai.NotFoundError, 404, "use one of these"),
    "tools that it can't": ({"model": EMBEDDER, "tools": [TOOL]}, openai.BadRequestError, 400, "does not support"),
    "two answers": ({"n": 2}, openai.BadRequestError, 400, "n:"),
    "30 MB": ({"messages": [{"role": "user", "content": "x" * 30_000_000}]}, openai.APIStatusError, 413, "4,194,304"),
    "more than a job": (
        {"messages": [{"role": "user", "content": "x" * 800_000}] * 2}, openai.APIStatusError, 413, "1,040,224"
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_openai_raises_what_is_refused(doors: Doors, bad: str) -> None:
    asked, kind, status, words = BAD[bad]
    with pytest.raises(kind, match=words) as raised:
        doors.openai.with_options(max_retries=2).chat.completions.create(**{"model": MODEL, "messages": HI} | asked)
    assert raised.value.status_code == status
    assert raised.value.response.request.headers["x-stainless-retry-count"] == "0"
    assert doors.house.desk.asked == []


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"model": "gpt-4o"}, 404, "use one of these"),
        ({"model": EMBEDDER, "tools": [TOOL]}, 400, "does not support"),
        ({"options": {"num_ctx": 1_000_000}}, 400, "num_ctx"),
        ({"messages": [{"role": "user", "content": "x" * 30_000_000}]}, 413, "4,194,304"),
    ],
)
def test_ollama_raises_what_is_refused(doors: Doors, asked: Any, status: int, words: str) -> None:
    with pytest.raises(ollama.ResponseError, match=words) as raised:
        doors.ollama.chat(**{"model": MODEL, "messages": HI} | asked)
    assert raised.value.status_code == status


def test_a_wrong_key_is_told_by_both(doors: Doors) -> None:
    with pytest.raises(openai.AuthenticationError, match="not known") as raised:
        doors.openai.with_options(api_key="sk-1").chat.completions.create(model=MODEL, messages=HI)
    assert raised.value.code == "invalid_api_key"
    other = ollama.Client(host=doors.url)
    with pytest.raises(ollama.ResponseError, match="a key is needed"):
        other.list()
    other._client.close()


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (TooManyHeld("too many are held"), openai.RateLimitError, 429),
        (PoolUnreachable("SQS does not answer"), openai.InternalServerError, 503),
    ],
)
def test_what_the_desk_refuses_is_told_by_both(doors: Doors, error: Any, kind: Any, status: int) -> None:
    doors.house.desk.refuses(error)
    with pytest.raises(kind, match=str(error)):
        doors.openai.chat.completions.create(model=MODEL, messages=HI, stream=True)
    doors.house.desk.refuses(error)
    with pytest.raises(ollama.ResponseError, match=str(error)) as raised:
        doors.ollama.chat(MODEL, HI, stream=False)
    assert raised.value.status_code == status


ENDS: dict[str, tuple[Ended | Broken, int, str]] = {
    "expired": (Ended(failed(ErrorCode.EXPIRED), '"e"', streamed=False), 504, "what happened"),
    "cancelled": (Ended(failed(ErrorCode.CANCELLED), '"e"', streamed=False), 410, "what happened"),
    "failed": (Ended(failed(ErrorCode.ENGINE_ERROR), '"e"', streamed=False), 500, "what happened"),
    "broken": (Broken("nobody knows any more."), 503, "nobody knows any more. Job: job-1"),
}


@pytest.mark.parametrize("end", ENDS)
def test_how_a_job_ends_while_its_client_waits_is_told_by_both(doors: Doors, end: str) -> None:
    event, status, words = ENDS[end]
    doors.will(event)
    with pytest.raises(openai.APIStatusError, match=words) as raised:
        doors.openai.chat.completions.create(model=MODEL, messages=HI)
    assert raised.value.status_code == status
    assert raised.value.response.headers["x-laneway-job-id"] == "job-1"
    doors.will(event)
    with pytest.raises(ollama.ResponseError, match=words.replace("job-1", "job-2")) as native:
        doors.ollama.chat(MODEL, HI)
    assert native.value.status_code == status
    for ask in (
        lambda: [*doors.openai.chat.completions.create(model=MODEL, messages=HI, stream=True)],
        lambda: [*doors.ollama.chat(MODEL, HI, stream=True)],
    ):
        doors.will(Record(CHAT_RECORDS[2]), event)
        with pytest.raises((openai.APIError, ollama.ResponseError), match=words.partition(" Job")[0]):
            ask()


def _streamed_openai(doors: Doors) -> None:
    with doors.openai.chat.completions.create(model=MODEL, messages=HI, stream=True) as stream:
        next(iter(stream))


def _streamed_ollama(doors: Doors) -> None:
    with httpx.stream(
        "POST", f"{doors.url}/api/chat", json={"model": MODEL, "messages": HI}, headers=HEADERS
    ) as answer:
        next(answer.iter_lines())


def _whole(doors: Doors) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{doors.url}/api/chat",
            json={"model": MODEL, "messages": HI, "stream": False},
            headers=HEADERS,
            timeout=httpx.Timeout(5, read=0.3),
        )


@pytest.mark.parametrize("ask", [_streamed_openai, _streamed_ollama, _whole])
def test_a_client_that_goes_has_hung_up(doors: Doors, ask: Callable[[Doors], None]) -> None:
    doors.will(Record(CHAT_RECORDS[2]), asyncio.Event())
    ask(doors)
    assert doors.left() == [True]


def test_a_client_that_goes_after_its_answer_has_not(doors: Doors) -> None:
    doors.will(REPLAYED)
    with socket.create_connection(("127.0.0.1", int(doors.url.rpartition(":")[2]))) as connection:
        body = b'{"model": "gemma3:4b", "messages": [{"role": "user", "content": "hi"}], "stream": false}'
        head = (
            f"POST /api/chat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert doors.left() == [False]


@pytest.mark.parametrize("sent", [b"", b'{"model": "gemma3:4b"'])
def test_half_a_request_becomes_nothing(doors: Doors, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(doors.url.rpartition(":")[2]))) as connection:
        head = f"POST /api/chat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode() + sent)
    assert eventually(lambda: doors.house.figures.answers) == [("ollama", "/api/chat", 499)]
    assert doors.house.desk.asked == []


def test_a_slow_upload_is_not_waited_for(doors: Doors) -> None:
    with socket.create_connection(("127.0.0.1", int(doors.url.rpartition(":")[2]))) as connection:
        head = (
            f"POST /v1/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 100\r\n\r\n{{"
        )
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 408")


def test_a_server_that_stops_lets_its_streams_go_on_and_hangs_up_for_nobody(doors: Doors) -> None:
    doors.will(Record(CHAT_RECORDS[2]), asyncio.Event())
    stream = doors.openai.chat.completions.create(model=MODEL, messages=HI, stream=True)
    next(stream)
    stopping = in_thread(lambda: doors.served.loop.call(doors.served.stopped()))
    with pytest.raises(openai.APIConnectionError):
        list(stream)
    stopping.result(timeout=30)
    assert doors.left() == [False]
