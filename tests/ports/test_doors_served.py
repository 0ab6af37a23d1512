"""The doors under the server that they have in earnest, asked by the real clients."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import httpx
import ollama
import openai
import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_gateway.desk import Broken, Ended, Record, Started
from laneway_gateway.errors import PoolUnreachable, TooManyHeld
from support.doors.served import KEY, served_house, served_world
from support.gateway.desks import said
from support.inputs.offers import (
    CALLS,
    CHAT,
    CHAT_RECORDS,
    EMBEDDER,
    MODEL,
    TEXT,
    TEXT_RECORDS,
    TOOL_RECORDS,
    TOOLS,
    VECTORS,
    failed,
)
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway_gateway.desk import Event
    from support.doors.house import House
    from support.doors.served import Served
    from support.gateway.desks import World

HI: Any = [{"role": "user", "content": "hi"}]
HEADERS = {"Authorization": f"Bearer {KEY}"}
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


@pytest.fixture
def doors() -> Iterator[Doors]:
    with served_house() as (house, served):
        doors = Doors(house, served)
        yield doors
        doors.close()


@pytest.fixture
def world() -> Iterator[tuple[World, Served]]:
    with served_world() as made:
        yield made


def test_openai_reads_answers_and_streams(doors: Doors) -> None:
    doors.will(REPLAYED)
    raw = doors.openai.chat.completions.with_raw_response.create(model=MODEL, messages=HI)
    assert raw.parse().choices[0].message.content == "Paris."
    assert raw.headers["x-laneway-job-id"] == "job-1"
    for steps in ([*map(Record, CHAT_RECORDS), DONE], [REPLAYED]):
        doors.will(Started(1), *steps)
        chunks = [*doors.openai.chat.completions.create(model=MODEL, messages=HI, stream=True)]
        assert "".join(each.choices[0].delta.content or "" for each in chunks).strip() == "Paris."
        assert chunks[-1].choices[0].finish_reason == "stop"
    doors.will(*map(Record, TOOL_RECORDS), Ended(TOOLS, '"e"', streamed=True))
    with doors.openai.chat.completions.stream(model=MODEL, messages=HI, tools=[TOOL]) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls or ()
    assert [each.function.name for each in calls] == ["weather", "now"]
    doors.will(*map(Record, TEXT_RECORDS), Ended(TEXT, '"e"', streamed=True))
    texts = doors.openai.completions.create(model=MODEL, prompt="hi", stream=True)
    assert "".join(each.choices[0].text for each in texts) == "Paris."
    doors.will(Ended(VECTORS, '"e"', streamed=False))
    assert doors.openai.embeddings.create(model=EMBEDDER, input=["a", "b"]).data[0].embedding == [0.5, -1.0]
    assert [doors.left(f"job-{each}") for each in range(1, 7)] == [[False]] * 6


def test_ollama_reads_answers_and_streams(doors: Doors) -> None:
    doors.will(REPLAYED)
    assert doors.ollama.chat(MODEL, HI).message.content == "Paris."
    for steps in ([*map(Record, CHAT_RECORDS), DONE], [REPLAYED]):
        doors.will(Started(1), *steps)
        parts = [*doors.ollama.chat(MODEL, HI, stream=True)]
        assert "".join(each.message.content or "" for each in parts).strip() == "Paris."
        assert parts[-1].done
    doors.will(*map(Record, TOOL_RECORDS), Ended(TOOLS, '"e"', streamed=True))
    calls = [each for part in doors.ollama.chat(MODEL, HI, stream=True) for each in part.message.tool_calls or ()]
    assert calls[0].function.arguments == CALLS[0]["function"]["arguments"]  # type: ignore[index] # because it is JSON
    doors.will(*map(Record, TEXT_RECORDS), Ended(TEXT, '"e"', streamed=True))
    assert "".join(each.response or "" for each in doors.ollama.generate(MODEL, "hi", stream=True)) == "Paris."
    doors.will(Ended(VECTORS, '"e"', streamed=False))
    assert doors.ollama.embed(EMBEDDER, ["a", "b"]).embeddings == [[0.5, -1.0], [0.25, 2.0]]
    assert doors.ollama.generate(MODEL).done_reason == "load"


async def test_the_clients_for_asyncio_read_them_too(doors: Doors) -> None:
    async with openai.AsyncOpenAI(base_url=f"{doors.url}/v1", api_key=KEY, max_retries=0) as client:
        doors.will(*map(Record, CHAT_RECORDS), DONE)
        stream = await client.chat.completions.create(model=MODEL, messages=HI, stream=True)
        texts = [each.choices[0].delta.content or "" async for each in stream]
        assert "".join(texts).strip() == "Paris."
        doors.will(REPLAYED)
        assert (await client.chat.completions.create(model=MODEL, messages=HI)).choices[0].message.content == "Paris."
    later = ollama.AsyncClient(host=doors.url, headers=HEADERS)
    doors.will(*map(Record, CHAT_RECORDS), DONE)
    parts = [each.message.content or "" async for each in await later.chat(MODEL, HI, stream=True)]
    assert "".join(parts).strip() == "Paris."
    await later._client.aclose()


def test_the_catalogue_is_read(doors: Doors) -> None:
    assert [each.id for each in doors.openai.models.list()] == [MODEL, "lane:slow", EMBEDDER]
    assert [each.model for each in doors.ollama.list().models] == [MODEL, "lane:slow", EMBEDDER]
    assert doors.ollama.show(MODEL).parameters == "num_ctx 8192"
    assert doors.ollama.ps().models
    with pytest.raises(openai.NotFoundError, match=r"'hf.co/x/y:Q4_K_M' not found"):
        doors.openai.models.retrieve("hf.co/x/y:Q4_K_M")
    with pytest.raises(ollama.ResponseError, match="pull is not accepted"):
        doors.ollama.pull(MODEL)


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


def test_a_stream_is_never_silent_for_long(doors: Doors) -> None:
    doors.will(go := asyncio.Event(), *map(Record, CHAT_RECORDS), DONE)
    stream = doors.openai.chat.completions.create(model=MODEL, messages=HI, stream=True)
    silent = [next(stream).choices[0].delta.content for _ in range(4)]
    assert silent == [""] * 4
    doors.served.set(go)
    assert "".join(each.choices[0].delta.content or "" for each in stream).strip() == "Paris."
    doors.will(go := asyncio.Event(), *map(Record, CHAT_RECORDS), DONE)
    parts = doors.ollama.chat(MODEL, HI, stream=True)
    assert [next(parts).message.content for _ in range(4)] == [""] * 4
    doors.served.set(go)
    assert "".join(each.message.content or "" for each in parts).strip() == "Paris."


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


def test_a_retry_of_openais_own_client_joins_the_job_that_runs(world: tuple[World, Served]) -> None:
    """No answer comes within its patience: the client is asked to come back, which it does by itself."""
    pool, served = world
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=KEY) as client:
        asking = in_thread(lambda: client.chat.completions.create(model=MODEL, messages=HI))
        job = eventually(lambda: pool.sent)[0]
        entry = eventually(lambda: pool.desk.registry.find(job))
        assert entry
        eventually(lambda: entry.waiting == 0)
        eventually(lambda: entry.waiting == 1)
        pool.commit(job, text=None, message={"role": "assistant", "content": "Paris."})
        answer = asking.result(timeout=30)
    assert answer.id == f"chatcmpl-{job}"
    assert answer.choices[0].message.content == "Paris."
    assert pool.sent == [job]
    assert not pool.is_cancelled(job)


def test_what_a_worker_tells_arrives_as_it_is_told(world: tuple[World, Served]) -> None:
    pool, served = world

    async def tell(job: str) -> None:
        pool.worker(job).add(said("Par"))

    client = ollama.Client(host=served.url, headers=HEADERS)
    parts = client.generate(MODEL, "Capital of France?", stream=True)
    assert next(parts).response == ""
    job = pool.sent[0]
    served.loop.call(tell(job))
    assert next(each.response for each in parts if each.response) == "Par"
    pool.commit(job)
    assert "".join(each.response or "" for each in parts) == "is."
    client._client.close()


def test_who_hangs_up_for_good_has_its_job_cancelled(world: tuple[World, Served]) -> None:
    pool, served = world
    with httpx.stream(
        "POST", f"{served.url}/api/chat", json={"model": MODEL, "messages": HI}, headers=HEADERS
    ) as answer:
        next(answer.iter_lines())
        job = answer.headers["x-laneway-job-id"]
    eventually(lambda: pool.is_cancelled(job))


def test_openai_reads_responses_and_comes_back_for_them(doors: Doors) -> None:
    responses = doors.openai.responses
    doors.will(REPLAYED)
    assert responses.create(model=MODEL, input="hi").output_text == "Paris."
    doors.will(*map(Record, CHAT_RECORDS), DONE)
    events = [*responses.create(model=MODEL, input="hi", stream=True)]
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    queued = responses.create(model=MODEL, input="hi", background=True)
    assert (queued.status, queued.background) == ("queued", True)
    assert responses.retrieve(queued.id).status == "queued"
    doors.house.desk.held["job-3"].steps.extend([*map(Record, CHAT_RECORDS), DONE])
    assert responses.retrieve(queued.id).output_text == "Paris."
    streamed = [*responses.retrieve(queued.id, stream=True)]
    assert streamed[-1].type == "response.completed"
    assert responses.cancel(responses.create(model=MODEL, input="hi", background=True).id).status == "cancelled"
    responses.delete(queued.id)
    with pytest.raises(openai.NotFoundError):
        responses.retrieve(queued.id)


def test_a_job_is_sent_and_its_result_waited_for(world: tuple[World, Served]) -> None:
    """By the pool's own door, at the real desk."""
    pool, served = world
    with httpx.Client(base_url=served.url, headers=HEADERS, timeout=30) as client:
        taken = client.post("/jobs", json={"prompt": "Capital of France?"}, headers={"Idempotency-Key": "k-1"})
        assert taken.status_code == 202
        again = client.post("/jobs", json={"prompt": "Capital of France?"}, headers={"Idempotency-Key": "k-1"})
        assert again.json()["id"] == taken.json()["id"]
        job = pool.sent[0]
        assert (taken.json()["id"], client.get(f"/jobs/{job}").json()["status"]) == (job, "queued")
        waiting = in_thread(lambda: client.get(f"/jobs/{job}/result?wait=60"))
        pool.commit(job)
        assert waiting.result(timeout=30).json()["text"] == "Paris."
        with client.stream("GET", f"/jobs/{job}/stream") as stream:
            assert '"ended":' in [*stream.iter_lines()][-1]
        assert not pool.is_cancelled(job)
        other = client.post(
            "/v1/chat/completions", json={"model": MODEL, "messages": HI}, headers={"Prefer": "respond-async"}
        )
        assert client.post(f"{other.headers['location']}/cancel").json()["status"] == "cancelling"
        assert pool.is_cancelled(other.json()["id"])
