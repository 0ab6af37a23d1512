"""The doors under the server that they have in earnest, asked by the real clients."""

from __future__ import annotations

import asyncio
import re
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import ollama
import openai
import pytest

from laneway.schema.job.result import Usage
from laneway_gateway.desk import Ended, Record, Started, Tenant
from support.doors.clients import DONE, HEADERS, HI, REPLAYED, TOOL, Doors, open_doors
from support.doors.served import KEY, served_world
from support.gateway.desks import PLACE, said
from support.gateway.quotas import quota
from support.inputs.offers import (
    CALLS,
    CHAT_RECORDS,
    EMBEDDER,
    MODEL,
    TEXT,
    TEXT_RECORDS,
    TOOL_RECORDS,
    TOOLS,
    VECTORS,
)
from support.ollama.real import ENGINES, engine_files
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.doors.served import Served
    from support.gateway.desks import World

TOKENS = Usage(prompt_tokens=40, completion_tokens=20)


@pytest.fixture
def doors() -> Iterator[Doors]:
    with open_doors() as opened:
        yield opened


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


def test_openais_client_asks_for_a_lane_by_its_tier_and_a_task_has_its_own() -> None:
    with open_doors(lanes_for={"flex": "slow", "tasks": "slow"}) as doors:
        create = doors.openai.chat.completions.with_raw_response.create
        asked: list[dict[str, Any]] = [{"service_tier": "flex"}, {"extra_headers": {"X-Laneway-Task": "tags"}}, {}]
        for terms in asked:
            doors.will(REPLAYED)
            terms["lane"] = create(model=MODEL, messages=HI, **terms).headers["x-laneway-lane"]
        assert [each["lane"] for each in asked] == ["slow", "slow", "fast"]


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


def test_openais_own_client_knows_a_day_that_is_used_up_and_does_not_try_again() -> None:
    with (
        served_world(quota(tokens=100)) as (pool, served),
        openai.OpenAI(base_url=f"{served.url}/v1", api_key=KEY) as client,
    ):
        asking = in_thread(lambda: client.chat.completions.with_raw_response.create(model=MODEL, messages=HI))
        job = eventually(lambda: pool.sent)[0]
        pool.commit(job, text=None, message={"role": "assistant", "content": "Paris."}, usage=TOKENS)
        answer = asking.result(timeout=30)
        assert answer.headers["x-ratelimit-remaining-tokens"] == "40"
        started = client.responses.with_raw_response.create(model=MODEL, input="hi", background=True)
        assert started.headers["x-ratelimit-remaining-tokens"] == "40"
        (first,) = pool.sent[1:]
        pool.commit(first, text=None, message={"role": "assistant", "content": "Paris."}, usage=TOKENS)
        assert client.responses.retrieve(f"resp_{first}").status == "completed"
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError, match="used 120 of its 100 tokens") as caught:
                client.chat.completions.create(model=MODEL, messages=HI, stream=stream)
            assert (caught.value.code, caught.value.type) == ("insufficient_quota", "insufficient_quota")
            assert caught.value.response.headers["x-ratelimit-remaining-tokens"] == "0"
            assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"
        assert [each.id for each in client.models.list()]
        assert client.responses.retrieve(f"resp_{first}").status == "completed"
        assert pool.sent == [job, first]


def test_ollamas_own_client_is_told_why_in_words() -> None:
    with served_world(quota(jobs=1)) as (pool, served):
        client = ollama.Client(host=served.url, headers=HEADERS)
        parts = client.generate(MODEL, "Capital of France?", stream=True)
        assert next(parts).response == ""
        with pytest.raises(ollama.ResponseError, match="1 jobs of the key claims have no result yet") as caught:
            client.generate(MODEL, "another")
        assert caught.value.status_code == 429
        assert client.list().models
        pool.commit(pool.sent[0])
        assert "".join(each.response or "" for each in parts) == "Paris."
        asking = in_thread(lambda: client.generate(MODEL, "another"))
        pool.commit(eventually(lambda: pool.sent[1:])[0])
        assert asking.result(timeout=30).response == "Paris."
        client._client.close()


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


@pytest.mark.parametrize("engine", ENGINES)
def test_ollamas_own_command_line_reads_the_doors(doors: Doors, engine: str) -> None:
    """Which sends no key, and takes some of what `show` tells for given."""
    binary = engine_files(engine)[0]
    doors.house.keys.anybody = Tenant("local")
    doors.house.store.objects.pop(PLACE.model_facts("slow"))

    def told(*arguments: str) -> str:
        environment = {"OLLAMA_HOST": doors.url, "HOME": "/nonexistent"}
        done = subprocess.run(
            [str(binary), *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        return done.stdout + done.stderr

    assert "lane:slow" in told("list")
    assert EMBEDDER in told("ps")
    assert re.search(r"context length +131072", told("show", MODEL))
    assert re.search(r"num_ctx +8192", told("show", "lane:slow"))
    doors.will(*map(Record, TEXT_RECORDS), Ended(TEXT, '"e"', streamed=True))
    assert "Paris." in told("run", MODEL, "hi")
    assert "pull is not accepted" in told("pull", MODEL)
