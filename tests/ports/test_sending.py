"""What becomes of a job that SQS refuses, or that is sent again."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from laneway import IdReused, InvalidJob, JobNotSent, PoolUnavailable
from laneway.cli.main import app
from laneway.cli.output import Exit
from support.local.failed_jobs import Kept

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from support.aws.emulators import Aws


LONG = "x" * 2000


@pytest.fixture
def kept(aws: Aws, tmp_path: Path) -> Kept:
    return Kept(aws.endpoint, tmp_path)


def laneway(kept: Kept, *argv: str) -> Result:
    return CliRunner().invoke(app, [*argv, "--pool", str(kept.folder)])


def test_a_message_that_sqs_refuses_is_the_jobs_fault(kept: Kept) -> None:
    kept.take_at_most(1024)
    with pytest.raises(InvalidJob, match="SQS refuses the message: InvalidParameterValue"):
        kept.pool.submit("x" * 2000)
    run = laneway(kept, "submit", "x" * 2000)
    assert run.exit_code == Exit.USAGE
    assert "the job can't be sent: SQS refuses the message: InvalidParameterValue" in run.stderr


def test_every_text_that_json_holds_is_sent(kept: Kept) -> None:
    text = "".join(map(chr, [*range(0x20), 0xFFFE, 0xFFFF, 0x1FFFF]))
    kept.pool.submit(text, id="a")
    (body,) = kept.bodies()
    assert json.loads(body) == {"id": "a", "prompt": text}
    assert "\\ufffe\\uffff" in body


def test_a_body_that_a_client_of_before_stored_is_sent_again(kept: Kept) -> None:
    kept.put(kept.place.job("a"), '{"id":"a","prompt":"\uffff"}'.encode(), "fast")
    kept.pool.submit("\uffff", id="a")
    assert kept.bodies() == ['{"id":"a","prompt":"\\uffff"}']


@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "Why?"), ("a.JSON", '{"prompt":"Why?"}'), ("a.jsonl", '\n{"prompt":"Why?"}\n\n')]
)
def test_a_byte_order_mark_and_line_ends_of_windows_are_no_part_of_a_job(
    kept: Kept, tmp_path: Path, name: str, text: str
) -> None:
    schema, file = tmp_path / "schema.json", tmp_path / name
    schema.write_bytes(codecs.BOM_UTF8 + b'{"type": "string"}')
    file.write_bytes(codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode())
    run = laneway(kept, "submit", "--file", str(file), "--schema", str(schema), "--id", "a")
    assert run.exit_code == Exit.OK, run.stderr
    assert [json.loads(body)["prompt"] for body in kept.bodies()] == ["Why?"]


@pytest.fixture(params=["message", "queue"])
def refused(kept: Kept, request: pytest.FixtureRequest) -> Kept:
    """A pool that has refused the job `a`: its message, or any."""
    pool = kept.pool
    if request.param == "message":
        kept.take_at_most(1024)
    else:
        kept.remove_queue("fast")
    with pytest.raises((InvalidJob, PoolUnavailable)):
        pool.submit(LONG, id="a")
    return kept


def test_a_job_that_was_refused_is_told_apart(refused: Kept) -> None:
    assert (refused.pool.status("a").state, str(refused.pool.status("a"))) == ("not_sent", "not sent")
    with pytest.raises(JobNotSent, match="a was not sent: SQS refused it; submit it again"):
        refused.pool.result("a")
    for argv in (["result", "a"], ["result", "a", "--wait"], ["cancel", "a"]):
        run = laneway(refused, *argv)
        assert (run.exit_code, "a was not sent" in run.stderr) == (Exit.USAGE, True), run.stderr
    assert laneway(refused, "status", "a").stdout == "not sent\n"
    assert not refused.has(refused.place.cancel("a"))


def test_an_id_that_was_refused_is_free_for_another_request(refused: Kept) -> None:
    refused.pool.submit("Mended?", id="a", lane="slow")
    assert (refused.pool.status("a").state, refused.pool.status("a").lane) == ("queued", "slow")
    assert [json.loads(body)["prompt"] for body in refused.bodies("slow")] == ["Mended?"]
    with pytest.raises(IdReused):
        refused.pool.submit("Another?", id="a")


def test_a_request_that_was_refused_is_sent_again(refused: Kept) -> None:
    refused.pool.submit(LONG, id="a", lane="slow")
    assert refused.pool.status("a").state == "queued"
    assert len(refused.bodies("slow")) == 1


def test_a_refused_job_is_refused_again_and_told_again(refused: Kept) -> None:
    for text in (LONG, LONG, LONG + "!"):
        with pytest.raises((InvalidJob, PoolUnavailable)):
            refused.pool.submit(text, id="a")
        assert refused.pool.status("a").state == "not_sent"


def test_whoever_sends_a_job_again_may_be_refused_and_the_job_stays_sent(kept: Kept) -> None:
    pool = kept.pool
    pool.submit("Why?", id="a")
    kept.remove_queue("fast")
    with pytest.raises(PoolUnavailable):
        pool.submit("Why?", id="a")
    with pytest.raises(IdReused):
        pool.submit("Mended?", id="a", lane="slow")
