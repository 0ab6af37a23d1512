"""Senders who meet under one id, and what each kind of refusal leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from laneway.client.aws.answers import is_refusal
from laneway.client.remote import MessageRefused, RefusedByAWS
from laneway.client.sending.checked import CheckedJob, check
from laneway.client.sending.outbox import Outbox
from laneway.errors import IdReused, PoolUnavailable
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import InvalidJob, parse_job
from laneway.schema.job.keys import Place
from support.inputs.documents import POOL_DOCUMENT
from support.local.post import MemoryPost

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = Place(bucket="acme-llm", prefix="hello/")
NO_MESSAGE = MessageRefused(ErrorCode.INVALID_JOB, "SQS refuses the message")
NOBODYS = RefusedByAWS("sending was refused")
UNKNOWN = PoolUnavailable("no answer")
LONG = "x" * 70_000
REFUSALS = pytest.mark.parametrize("error", [NO_MESSAGE, NOBODYS], ids=["message", "queue"])


def asking(prompt: str, lane: str = "fast") -> CheckedJob:
    return check(POOL_DOCUMENT, prompt, {"id": "a"}, lane, None)


def outbox(post: MemoryPost) -> Outbox:
    return Outbox(post, PLACE, "me")


def refuse(post: MemoryPost, prompt: str, error: Exception) -> None:
    post.errors.append(error)
    with pytest.raises(type(error)):
        outbox(post).send(asking(prompt))


def prompts(post: MemoryPost) -> list[str]:
    return [json.loads(each.body)["prompt"] for each in post.sent]


@REFUSALS
def test_the_id_of_a_refused_job_is_free(error: Exception) -> None:
    post = MemoryPost()
    refuse(post, "First?", error)
    outbox(post).send(asking("Mended?", "slow"))
    assert prompts(post) == ["Mended?"]
    with pytest.raises(IdReused):
        outbox(post).send(asking("Third?"))


def test_a_send_without_an_answer_is_sent_again_and_keeps_its_id() -> None:
    post = MemoryPost()
    refuse(post, "First?", UNKNOWN)
    with pytest.raises(IdReused):
        outbox(post).send(asking("Other?"))
    outbox(post).send(asking("First?"))
    assert prompts(post) == ["First?"]


def test_a_send_after_one_without_an_answer_may_be_refused_and_the_job_stays() -> None:
    post = MemoryPost()
    refuse(post, "First?", UNKNOWN)
    refuse(post, "First?", NOBODYS)
    with pytest.raises(IdReused):
        outbox(post).send(asking("Other?"))


def test_a_message_that_was_stored_before_refusals_were_told_frees_its_id() -> None:
    post = MemoryPost()
    refuse(post, "First?", UNKNOWN)
    refuse(post, "First?", NO_MESSAGE)
    outbox(post).send(asking("Mended?"))
    assert prompts(post) == ["Mended?"]


@REFUSALS
def test_the_body_stays_for_the_pointer_of_another_sender(error: Exception) -> None:
    post = MemoryPost()
    post.meanwhile["send"] = lambda: outbox(post).send(asking(LONG))
    refuse(post, LONG, error)
    assert [json.loads(each.body) for each in post.sent] == [{"id": "a", "stored": True}]
    assert parse_job(post.objects[PLACE.job("a")].body).prompt == LONG


def mend_first(post: MemoryPost, prompt: str) -> Callable[[], None]:
    return lambda: outbox(post).send(asking(prompt))


def test_of_two_who_mend_one_refused_job_one_has_the_id() -> None:
    post = MemoryPost()
    refuse(post, "First?", NO_MESSAGE)
    post.meanwhile["replace"] = mend_first(post, "Quick?")
    with pytest.raises(IdReused):
        outbox(post).send(asking("Slow?"))
    assert prompts(post) == ["Quick?"]
    assert b"Quick?" in post.objects[PLACE.job("a")].body


def test_who_sends_a_refused_job_again_is_not_overtaken_by_who_mends_it() -> None:
    post = MemoryPost()
    refuse(post, "First?", NOBODYS)
    post.meanwhile["replace"] = mend_first(post, "First?")  # the same bytes as before the refusal
    with pytest.raises(IdReused):
        outbox(post).send(asking("Mended?"))
    assert b"First?" in post.objects[PLACE.job("a")].body


def test_a_refusal_is_not_told_of_what_somebody_else_has_mended() -> None:
    post = MemoryPost()
    refuse(post, "First?", NO_MESSAGE)
    post.errors.append(NO_MESSAGE)
    post.meanwhile["replace"] = mend_first(post, "Quick?")
    with pytest.raises(InvalidJob):
        outbox(post).send(asking("First?"))
    outbox(post).send(asking("Quick?"))
    assert prompts(post) == ["Quick?"]


def test_a_job_that_grows_by_what_it_leaves_out_is_refused_before_it_is_stored() -> None:
    calls = [{"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}] * 1000
    job = {"id": "a", "messages": [*calls, {"role": "user", "content": "x"}]}
    job["messages"] = [*calls, {"role": "user", "content": "x" * (MAX_BODY_BYTES - len(json.dumps(job)))}]
    with pytest.raises(InvalidJob, match="bytes; at most"):
        check(POOL_DOCUMENT, job, {}, None, None)


def answered(status: int, retries: int) -> ClientError:
    error: Any = {"Error": {"Code": "A"}, "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": retries}}
    return ClientError(error, "SendMessage")


def test_nothing_was_done_where_the_first_answer_says_so() -> None:
    assert all(is_refusal(answered(status, 0)) for status in (400, 403, 404, 413))
    assert not any(is_refusal(answered(*each)) for each in ((400, 1), (403, 3), (500, 0), (503, 3)))
