"""Ollama's Python library, with and without asyncio, against a pool that runs."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import ollama
import pytest

from support.strangers.models import CHAT, COMPLETE, EMBED, TOOLS
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator

    from support.strangers.target import Target

HI: list[Any] = [{"role": "user", "content": "Why is the sky blue?"}]
COUNTING = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
SKY = {"type": "object", "properties": {"sky": {"enum": ["blue", "green"]}}, "required": ["sky"]}
CANCEL_SECONDS = 60
REREAD_SECONDS = 40
"""Doors read anew every half minute what workers say of their models."""


def weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: where

    """
    return city


def brief(tokens: int) -> dict[str, Any]:
    """Options of a short answer that is always the same."""
    return {"temperature": 0, "num_predict": tokens}


@pytest.fixture
def client(target: Target) -> Iterator[ollama.Client]:
    made = ollama.Client(host=target.url)
    yield made
    made._client.close()


@pytest.fixture
async def later(target: Target) -> AsyncIterator[ollama.AsyncClient]:
    made = ollama.AsyncClient(host=target.url)
    yield made
    await made._client.aclose()


def test_the_catalogue_is_read(client: ollama.Client) -> None:
    found = {each.model for each in client.list().models}
    assert {CHAT, COMPLETE} <= found
    shown = client.show(CHAT)
    assert shown.parameters == "num_ctx 8192"


def test_a_model_that_was_used_is_loaded(client: ollama.Client) -> None:
    client.generate(CHAT, "hi", options=brief(1))
    eventually(lambda: CHAT in {each.model for each in client.ps().models}, seconds=REREAD_SECONDS)


def test_a_chat_is_answered_whole_and_streamed(client: ollama.Client) -> None:
    whole = client.chat(CHAT, HI, options=brief(24))
    assert whole.done_reason == "length"
    assert whole.eval_count == 24
    assert whole.eval_duration
    chunks = [*client.chat(CHAT, HI, options=brief(24), stream=True)]
    assert "".join(each.message.content or "" for each in chunks) == whole.message.content
    assert chunks[-1].done
    assert chunks[-1].eval_count == 24


def test_a_text_is_generated(client: ollama.Client) -> None:
    whole = client.generate(COMPLETE, COUNTING, raw=True, options=brief(8)).response or ""
    assert "13" in whole
    chunks = client.generate(COMPLETE, COUNTING, raw=True, options=brief(8), stream=True)
    assert "".join(each.response or "" for each in chunks) == whole


def test_an_answer_has_the_form_that_was_asked_for(client: ollama.Client) -> None:
    answer = client.chat(CHAT, HI, format=SKY)
    assert json.loads(answer.message.content or "")["sky"] in ("blue", "green")


def test_vectors_are_those_of_the_other_door_and_of_the_old_endpoint(client: ollama.Client) -> None:
    many = client.embed(EMBED, ["a bird", "a bird"])
    assert len(many.embeddings) == 2
    assert many.embeddings[0] == pytest.approx(many.embeddings[1])
    assert len(client.embeddings(EMBED, "a bird").embedding) == len(many.embeddings[0])


def test_tools_are_refused_where_the_model_knows_none_and_taken_where_it_may(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match="does not support tools") as caught:
        client.chat(CHAT, HI, tools=[weather])
    assert caught.value.status_code == 400
    message = client.chat(TOOLS, HI, tools=[weather], options=brief(16)).message
    assert message.content or message.tool_calls


def test_asking_for_nothing_loads_at_once(client: ollama.Client) -> None:
    assert client.generate(CHAT, "").done_reason == "load"


async def test_asyncio_streams(later: ollama.AsyncClient) -> None:
    whole = await later.chat(CHAT, HI, options=brief(8))
    said = ""
    async for each in await later.chat(CHAT, HI, options=brief(8), stream=True):
        said += each.message.content or ""
    assert said == whole.message.content


def test_an_unknown_model_is_told_with_what_there_is(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match=CHAT) as caught:
        client.chat("qwen3", HI)
    assert caught.value.status_code == 404


def test_models_are_nobodys_to_change(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.pull("qwen3")
    assert caught.value.status_code == 403


def test_only_a_key_lets_in(target: Target) -> None:
    for key, status in (("lw-wrong", 401), (target.key, None)):
        client = ollama.Client(host=target.guarded, headers={"Authorization": f"Bearer {key}"})
        if status is None:
            assert client.list().models
        else:
            with pytest.raises(ollama.ResponseError) as caught:
                client.chat(CHAT, HI)
            assert caught.value.status_code == status
        client._client.close()


def test_a_silent_stream_of_an_impatient_gateway_goes_on(target: Target) -> None:
    """Ollama's clients never ask again, so that a stream has to be kept alive to its end."""
    client = ollama.Client(host=target.guarded, headers={"Authorization": f"Bearer {target.key}"})
    *_, last = client.generate(COMPLETE, COUNTING, raw=True, options=brief(400), stream=True)
    assert last.eval_count == 400
    client._client.close()


def test_who_hangs_up_in_a_stream_has_its_job_cancelled(target: Target, client: ollama.Client) -> None:
    before = _results(target)
    with closing(_endless(client)) as stream:
        next(stream)
    (new,) = eventually(lambda: _results(target) - before, seconds=CANCEL_SECONDS)
    result = target.pool.pool.find(new)
    assert result is not None
    assert result.error is not None
    assert result.error.code == "cancelled"


def _endless(client: ollama.Client) -> Generator[ollama.GenerateResponse]:
    yield from client.generate(COMPLETE, f"{COUNTING} 13,", raw=True, options=brief(500), stream=True)


def _results(target: Target) -> set[str]:
    place = target.pool.connection.place
    found = target.pool.aws.s3.list_objects_v2(Bucket=place.bucket, Prefix=f"{place.prefix}results/")
    return {each["Key"].rpartition("/")[2].removesuffix(".json") for each in found.get("Contents", [])}
