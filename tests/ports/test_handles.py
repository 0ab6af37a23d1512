"""What a handle takes for its own, on a pool whose results the test writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from laneway import JobFailed, JobHandle, Pool, PoolUnavailable, ResultOfAnotherRequest
from laneway.cli.main import app
from laneway.cli.output import Exit
from laneway.client.connection import Connection
from laneway.client.remote import Remote
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import Job
from laneway.schema.job.keys import Place
from support.local.failed_jobs import MODEL, Kept
from support.ollama.stub import Ending, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from support.aws.emulators import Aws
    from support.ollama.stub import StubOllama

OTHER = Job(prompt="Say exactly: APPROVED").request_hash(MODEL)
OWN = Job(prompt="Is it paid?").request_hash(MODEL)


@pytest.fixture
def kept(aws: Aws, tmp_path: Path) -> Kept:
    return Kept(aws.endpoint, tmp_path)


def test_a_handle_takes_its_own_result(kept: Kept) -> None:
    handle = kept.pool.submit("Is it paid?", id="a")
    kept.end("a", "succeeded", request_hash=OWN)
    assert handle.result(timeout=0).request_hash == OWN


def test_a_handle_refuses_the_result_of_another_request(kept: Kept) -> None:
    kept.end("a", "succeeded", request_hash=OTHER)
    handle = kept.pool.submit("Is it paid?", id="a")
    for look in (lambda: handle.result(timeout=0), lambda: handle.wait(timeout=0), handle.find):
        with pytest.raises(ResultOfAnotherRequest, match="the result of a is of another message"):
            look()


def test_a_handle_refuses_the_failure_of_what_was_no_job(kept: Kept) -> None:
    kept.end("a", code=ErrorCode.INVALID_JOB)
    handle = kept.pool.submit("Is it paid?", id="a")
    with pytest.raises(ResultOfAnotherRequest, match="could not be read: invalid_job"):
        handle.result(timeout=0)


def test_a_handle_from_an_id_alone_takes_what_stands(kept: Kept) -> None:
    kept.end("a", code=ErrorCode.TIMED_OUT, request_hash=OTHER)
    with pytest.raises(JobFailed):
        JobHandle(kept.pool, "a").result(timeout=0)


def test_an_answer_by_another_model_of_the_pool_is_the_handles_own(kept: Kept) -> None:
    handle = kept.pool.submit("Is it paid?", id="a")
    kept.end("a", "succeeded", model="gemma3:12b", request_hash=Job(prompt="Is it paid?").request_hash("gemma3:12b"))
    assert handle.result(timeout=0).model.name == "gemma3:12b"


def test_a_request_that_is_sent_again_is_sent_as_it_was_at_first(kept: Kept) -> None:
    pool: Pool = kept.pool
    pool.submit("Is it paid?", id="a", labels={"team": "claims"})
    pool.submit("Is it paid?", id="a", labels={"team": "other"})
    assert [json.loads(body)["labels"] for body in kept.bodies()] == [{"team": "claims"}] * 2


def test_a_message_carries_its_senders_name(kept: Kept) -> None:
    Pool(str(kept.folder), sender="team a").submit("Is it paid?", id="a")
    url = kept.pool.lane().queue.url
    (message,) = kept.aws.sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "team-a"


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.SHORT])
def test_a_result_that_breaks_off_is_no_result(stub: StubOllama, ending: Ending) -> None:
    stub.on("/results/results/a.json", Reply((b'{"id": "a"',), ending=ending, headers={"ETag": '"0"'}))
    keys = {"access_key_id": "testing", "secret_access_key": "testing"}
    remote = Remote(Connection(place=Place(bucket="results"), endpoint=stub.url, **keys))
    with pytest.raises(PoolUnavailable, match=r"^reading results/a\.json "):
        remote.read("results/a.json")


def laneway(kept: Kept, *argv: str) -> Result:
    return CliRunner().invoke(app, [*argv, "--pool", str(kept.folder)])


def test_submit_says_whose_result_it_is_not_and_shows_nothing_of_it(kept: Kept) -> None:
    kept.end("a", "succeeded", request_hash=OTHER)
    run = laneway(kept, "submit", "Is it paid?", "--id", "a", "--wait", "--timeout", "0")
    assert run.exit_code == Exit.USAGE
    assert "the result of a is of another message" in run.stderr
    assert run.stdout == ""


def test_one_result_of_another_request_holds_up_none_of_the_rest(kept: Kept, tmp_path: Path) -> None:
    for job_id, found in (("a", OTHER), ("b", OWN)):
        kept.end(job_id, "succeeded", request_hash=found)
    jobs, results = tmp_path / "jobs.jsonl", tmp_path / "results.jsonl"
    jobs.write_text("\n".join(json.dumps({"id": job_id, "prompt": "Is it paid?"}) for job_id in ("a", "b")))
    run = laneway(kept, "batch", str(jobs), "--output", str(results), "--timeout", "10")
    assert run.exit_code == Exit.JOB_FAILED
    assert "the result of a is of another message" in run.stderr
    assert [json.loads(line)["id"] for line in results.read_text().splitlines()] == ["b"]


def test_a_retry_says_whose_request_it_sends(kept: Kept) -> None:
    kept.fail("a", body='{"id": "a", "prompt": "Say exactly: APPROVED"}')
    kept.put(kept.place.job("a"), b'{"id":"a","prompt":"Is it paid?"}')
    run = laneway(kept, "failed", "retry", "a")
    assert run.exit_code == Exit.OK
    assert "a: what had failed was another request under this id; its owner's stored one was sent" in run.stderr
