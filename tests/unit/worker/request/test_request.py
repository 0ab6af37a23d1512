from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.chat import Message, Tool, ToolCall, ToolCallFunction, ToolFunction
from laneway.schema.job.fields.options import Options
from laneway.schema.job.job import Job, parse_job
from laneway_worker.errors import JobError
from laneway_worker.request.request import Request, check, fewest_tokens, most_tokens, ollama_request
from support.inputs.images import IMAGES, PNG
from support.inputs.jobs import JOBS, PROPERTY
from support.worker.lane import documents_with

if TYPE_CHECKING:
    from laneway.schema.pool.documents.lane_documents import LaneDocuments

LANE = documents_with()


def checked(job: Job, lane: LaneDocuments = LANE) -> None:
    check(job, lane.config, lane.live.destinations)


def asked_of_ollama(job: Job, wanted: object) -> Request:
    return ollama_request(job, LANE.config.model, LANE.live.limits, wanted)


def lane_of(model: str) -> LaneDocuments:
    return documents_with(model={"name": model, "context_length": 512})


def code_of_refusal(job: Job) -> ErrorCode:
    with pytest.raises(JobError) as caught:
        checked(job)
    return caught.value.code


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("gemma3:270m", "gemma3:270m"),
        ("gemma3", "gemma3:latest"),
        ("gemma3:latest", "gemma3"),
        ("gemma3", "gemma3"),
        ("registry:5000/team/gemma3", "registry:5000/team/gemma3:latest"),
    ],
)
def test_a_model_without_a_tag_is_the_latest(asked: str, served: str) -> None:
    checked(Job(prompt="a", model=asked), lane_of(served))


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("gemma3:1b", "gemma3:270m"),
        ("gemma3", "gemma3:270m"),
        ("other", "gemma3"),
        ("registry:5000/gemma3", "gemma3"),
        ("registry:5000/gemma3:1b", "registry:5000/gemma3"),
    ],
)
def test_another_model_is_refused(asked: str, served: str) -> None:
    with pytest.raises(JobError, match=f"serves {served}") as caught:
        checked(Job(prompt="a", model=asked), lane_of(served))
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL


def test_a_declared_destination_is_accepted() -> None:
    checked(Job(prompt="a", destination="legal"))


def test_an_undeclared_destination_is_refused_with_the_declared_ones() -> None:
    with pytest.raises(JobError, match=r"destinations: legal$") as caught:
        checked(Job(prompt="a", destination="other"))
    assert caught.value.code is ErrorCode.UNKNOWN_DESTINATION


def test_a_pool_without_destinations_says_so() -> None:
    with pytest.raises(JobError, match=r"destinations: none$"):
        checked(Job(prompt="a", destination="legal"), documents_with(destinations={}))


@pytest.mark.parametrize(
    "job",
    [
        Job(prompt="word " * 512),
        Job(messages=[Message(role="user", content="word " * 256)] * 2),
        Job(input="word " * 512),
        Job(input=["a", "word " * 512]),
    ],
    ids=["prompt", "messages", "input", "inputs"],
)
def test_more_words_than_the_context_has_tokens_are_refused(job: Job) -> None:
    assert code_of_refusal(job) is ErrorCode.PROMPT_TOO_LONG


@pytest.mark.parametrize(
    ("job", "fewest"),
    [
        (Job(prompt=" one\ntwo  three "), 3),
        (Job(prompt="one", system="two three"), 1),
        (Job(messages=[Message(role="system", content="one two"), Message(role="user", content="three")]), 1),
        (Job(messages=[Message(role="user", content="one two"), Message(role="user", content="three")]), 3),
        (Job(messages=[Message(role="assistant")]), 0),
        (Job(messages=[Message(role="assistant", content="<think>one two</think> three")]), 0),
        (Job(messages=[Message(role="user", content="one"), Message(role="tool", content="two three")]), 1),
        (Job(input="one two"), 2),
        (Job(input=["one", "one two", "one"]), 2),
    ],
)
def test_words_are_counted(job: Job, fewest: int) -> None:
    assert fewest_tokens(job) == fewest
    assert asked_of_ollama(job, job.format).fewest_tokens == fewest


def test_many_texts_to_embed_may_together_be_longer_than_the_context() -> None:
    checked(Job(input=["word " * 400] * 3))


@pytest.mark.parametrize(("asked", "sent"), [(None, 256), (1, 1), (255, 255), (256, 256), (257, 256), (131_072, 256)])
def test_the_number_of_tokens_is_capped_and_always_sent(asked: int | None, sent: int) -> None:
    job = Job(prompt="a", options=Options(num_predict=asked))
    assert asked_of_ollama(job, job.format).body["options"]["num_predict"] == sent


def test_what_tools_answered_is_counted_apart() -> None:
    job = Job(messages=[Message(role="user", content="one"), Message(role="tool", content="two three")])
    assert asked_of_ollama(job, None).tool_words == 2


def test_tools_and_their_calls_are_in_the_prompt() -> None:
    tool = Tool(function=ToolFunction(name="f", description="word " * 100))
    call = ToolCall(function=ToolCallFunction(name="f", arguments={"a": "word " * 100}))
    plain = [Message(role="user", content="a")]
    assert most_tokens(Job(messages=plain, tools=[tool])) > 100 + most_tokens(Job(messages=plain))
    assert most_tokens(Job(messages=[*plain, Message(role="assistant", tool_calls=[call])])) > 100


def test_the_dimensions_are_sent() -> None:
    assert asked_of_ollama(Job(input="a", dimensions=256), None).body["dimensions"] == 256


@PROPERTY
@given(JOBS)
def test_what_would_reload_the_model_is_the_lanes(job: Job) -> None:
    body = asked_of_ollama(job, job.format).body
    assert (body["model"], body["keep_alive"], body["options"]["num_ctx"]) == ("gemma3:270m", -1, 512)
    assert body["truncate"] is False


@PROPERTY
@given(JOBS)
def test_what_is_ours_is_not_sent_to_ollama(job: Job) -> None:
    assert not {"id", "destination", "expires_at", "labels"} & asked_of_ollama(job, job.format).body.keys()


@PROPERTY
@given(JOBS)
def test_a_request_is_json(job: Job) -> None:
    body = asked_of_ollama(job, job.format).body
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize(
    ("job", "path", "streams"),
    [
        (Job(prompt="a"), "/api/generate", True),
        (Job(messages=[Message(role="user")]), "/api/chat", True),
        (Job(input="a"), "/api/embed", False),
    ],
)
def test_each_kind_has_its_path(job: Job, path: str, *, streams: bool) -> None:
    request = asked_of_ollama(job, job.format)
    assert (request.path, request.body.get("stream", False)) == (path, streams)


def test_a_job_is_sent_as_it_is_but_for_its_format() -> None:
    document = {
        "prompt": "p",
        "system": "s",
        "think": "low",
        "images": ["aGk="],
        "format": {"properties": {"b": {"default": None}, "a": {}}},
        "options": {"temperature": 0.5, "stop": ["x"]},
    }
    written = {"type": "object"}
    body = asked_of_ollama(parse_job(json.dumps(document).encode()), written).body
    assert {name: body[name] for name in ("prompt", "system", "think", "images")} == {
        name: document[name] for name in ("prompt", "system", "think", "images")
    }
    assert body["format"] == written
    assert (body["options"]["temperature"], body["options"]["stop"]) == (0.5, ["x"])


def test_tools_and_raw_are_sent() -> None:
    chat = b'{"messages": [{"role": "user", "content": "a"}], "tools": [{"function": {"name": "f"}}]}'
    assert asked_of_ollama(parse_job(chat), None).body["tools"][0]["function"]["name"] == "f"
    assert asked_of_ollama(Job(prompt="a", raw=True), None).body["raw"] is True


def in_a_chat(image: str) -> Job:
    return Job(messages=[Message(role="user", content="a"), Message(role="user", images=[image])])


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_an_image_of_every_format_is_accepted(image: str) -> None:
    checked(Job(prompt="a", images=[image]))
    checked(in_a_chat(image))


@pytest.mark.parametrize("image", ["aGVsbG8=", "iVBORw0K", "UklGRgAAAABXQVZF", "JVBERi0xLjc="])
def test_an_image_that_is_none_makes_the_job_invalid(image: str) -> None:
    assert code_of_refusal(Job(prompt="a", images=[PNG, image])) is ErrorCode.INVALID_JOB
    with pytest.raises(JobError, match=r"image 1 is no JPEG, PNG, WebP, GIF or BMP file in base64"):
        checked(in_a_chat(image))
