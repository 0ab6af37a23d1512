"""openai's Python library, with and without asyncio, against a pool that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import openai
import pytest
from pydantic import BaseModel

from support.strangers.models import CHAT, COMPLETE, EMBED, TOOLS
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from support.strangers.target import Target

HI: list[Any] = [{"role": "user", "content": "Why is the sky blue?"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
COUNTING = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
LONG_TOKENS = 400
"""Seconds of work: longer than the guarded gateway lets a silent client wait."""
GRACE_SECONDS = 15
CANCEL_SECONDS = 60


class Colour(BaseModel):
    """What the model has to choose from."""

    sky: Literal["blue", "green"]


@pytest.fixture
def client(target: Target) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{target.url}/v1", api_key="any") as made:
        yield made


@pytest.fixture
async def later(target: Target) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{target.url}/v1", api_key="any") as made:
        yield made


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    found = [each.id for each in client.models.list()]
    assert {CHAT, COMPLETE, EMBED} <= set(found)
    assert client.models.retrieve(CHAT).id == CHAT


def test_a_chat_is_answered_whole_and_streamed(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model=CHAT, messages=HI, temperature=0, max_tokens=24)
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 24
    assert whole.choices[0].finish_reason == "length"
    wanted: Any = {"include_usage": True}
    stream = client.chat.completions.create(
        model=CHAT, messages=HI, temperature=0, max_tokens=24, stream=True, stream_options=wanted
    )
    chunks = [*stream]
    said = "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 24


def test_tools_are_refused_where_the_model_knows_none(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not support tools"):
        client.chat.completions.create(model=CHAT, messages=HI, tools=[WEATHER])


def test_tools_are_taken_where_the_model_may_know_them(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=TOOLS, messages=HI, tools=[WEATHER], max_tokens=16)
    message = answer.choices[0].message
    assert message.content or message.tool_calls


def test_an_answer_has_the_form_that_was_asked_for(client: openai.OpenAI) -> None:
    parsed = client.chat.completions.parse(model=CHAT, messages=HI, response_format=Colour)
    assert isinstance(parsed.choices[0].message.parsed, Colour)


def test_vectors_are_the_same_in_both_encodings(client: openai.OpenAI) -> None:
    usual = client.embeddings.create(model=EMBED, input=["a bird", "a bird"])
    numbers = client.embeddings.create(model=EMBED, input="a bird", encoding_format="float")
    assert len(usual.data) == 2
    assert usual.data[1].embedding == pytest.approx(numbers.data[0].embedding, abs=1e-5)


def test_a_text_is_completed(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=COMPLETE, prompt=COUNTING, temperature=0, max_tokens=8)
    assert "13" in answer.choices[0].text


def test_a_response_is_created_and_streamed(client: openai.OpenAI) -> None:
    whole = client.responses.create(model=CHAT, input="Say hello.", temperature=0, max_output_tokens=16)
    assert whole.output_text
    assert whole.usage is not None
    kinds = []
    with client.responses.stream(model=CHAT, input="Say hello.", temperature=0, max_output_tokens=16) as stream:
        kinds += [each.type for each in stream]
    assert kinds[0] == "response.created"
    assert "response.output_text.delta" in kinds


def test_a_response_in_the_background_is_fetched_and_deleted(client: openai.OpenAI) -> None:
    made = client.responses.create(model=CHAT, input="Say hello.", background=True, max_output_tokens=8)
    assert made.status in ("queued", "in_progress")
    done = eventually(lambda: _ended(client, made.id), seconds=60)
    assert done.output_text
    client.responses.delete(made.id)


def _ended(client: openai.OpenAI, name: str) -> Any:
    found = client.responses.retrieve(name)
    return found if found.status in ("completed", "incomplete", "failed") else None


async def test_asyncio_streams_and_waits(later: openai.AsyncOpenAI) -> None:
    whole = await later.chat.completions.create(model=CHAT, messages=HI, temperature=0, max_tokens=8)
    said = ""
    async for each in await later.chat.completions.create(
        model=CHAT, messages=HI, temperature=0, max_tokens=8, stream=True
    ):
        said += each.choices[0].delta.content or ""
    assert said == whole.choices[0].message.content


def test_an_unknown_model_is_told_with_what_there_is(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match=CHAT) as caught:
        client.chat.completions.create(model="gpt-4o", messages=HI)
    assert caught.value.code == "model_not_found"


def test_two_answers_are_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=CHAT, messages=HI, n=2)
    assert caught.value.param == "n"


def test_only_a_key_lets_in(target: Target) -> None:
    for key, works in (("lw-wrong", False), (target.key, True)):
        with openai.OpenAI(base_url=f"{target.guarded}/v1", api_key=key) as client:
            if works:
                assert client.models.list().data
                continue
            with pytest.raises(openai.AuthenticationError):
                client.chat.completions.create(model=CHAT, messages=HI)


def test_retries_of_a_slow_request_join_its_job(target: Target) -> None:
    """The gateway sends the silent client away before its edge would, and the library's own retry comes back."""
    before = _owned(target)
    with openai.OpenAI(base_url=f"{target.guarded}/v1", api_key=target.key, max_retries=90) as client:
        raw = client.completions.with_raw_response.create(
            model=COMPLETE, prompt=COUNTING, temperature=0, max_tokens=LONG_TOKENS
        )
    assert raw.retries_taken > 0
    usage = raw.parse().usage
    assert usage is not None
    assert usage.completion_tokens == LONG_TOKENS
    assert len(_owned(target) - before) == 1


def _owned(target: Target) -> set[str]:
    place = target.pool.connection.place
    found = target.pool.aws.s3.list_objects_v2(Bucket=place.bucket, Prefix=f"{place.prefix}owners/")
    return {each["Key"] for each in found.get("Contents", [])}


def test_who_hangs_up_in_a_stream_has_its_job_cancelled(target: Target, client: openai.OpenAI) -> None:
    with client.completions.with_streaming_response.create(
        model=COMPLETE, prompt=COUNTING, temperature=0, max_tokens=512, stream=True
    ) as answer:
        job_id = answer.headers["x-laneway-job-id"]
        next(answer.iter_lines())
    result = eventually(lambda: target.pool.pool.find(job_id), seconds=CANCEL_SECONDS)
    assert result is not None
    assert result.error is not None
    assert result.error.code == "cancelled"
