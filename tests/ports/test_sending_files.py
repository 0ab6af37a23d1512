"""Files of many jobs, of which some can't be sent: what is sent, what is told, and how the command ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from laneway import JobHandle, NotAllSent, PoolUnavailable
from laneway.cli.files.text import ONE_LIST
from laneway.cli.main import app
from laneway.cli.output import Exit
from laneway.schema.job.job import Job
from support.local.failed_jobs import MODEL, Kept

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from support.aws.emulators import Aws

WHY = Job(prompt="Why?").request_hash(MODEL)
LONG = "x" * 2000


@pytest.fixture
def kept(aws: Aws, tmp_path: Path) -> Kept:
    """A pool whose queue takes short messages."""
    kept = Kept(aws.endpoint, tmp_path)
    kept.take_at_most(1024)
    return kept


def written(kept: Kept, *jobs: dict[str, str], name: str = "jobs.jsonl") -> str:
    file = kept.folder / name
    file.write_text("".join(json.dumps(job) + "\n" for job in jobs))
    return str(file)


def jobs(*ids: str, prompt: str = "Why?") -> list[dict[str, str]]:
    return [{"id": job_id, "prompt": prompt} for job_id in ids]


def laneway(kept: Kept, *argv: str) -> Result:
    return CliRunner().invoke(app, [*argv, "--pool", str(kept.folder)])


def batch(kept: Kept, file: str, *argv: str) -> Result:
    return laneway(kept, "batch", file, "--output", str(kept.folder / "results.jsonl"), *argv)


def rows(kept: Kept) -> list[str]:
    return [json.loads(line)["id"] for line in (kept.folder / "results.jsonl").read_text().splitlines()]


def sent(kept: Kept) -> list[str]:
    return sorted(json.loads(body)["id"] for body in kept.bodies())


def answer(kept: Kept, *ids: str) -> None:
    for job_id in ids:
        kept.end(job_id, "succeeded", request_hash=WHY)


@pytest.mark.parametrize("command", ["batch", "submit"])
def test_nothing_is_sent_of_a_file_with_bad_lines_and_all_are_told(kept: Kept, command: str) -> None:
    file = written(kept, *jobs("a"), {"id": "b", "prompt": "Why?", "model": "llama3"}, *jobs("c"), *jobs("a"))
    run = batch(kept, file) if command == "batch" else laneway(kept, "submit", "--file", file)
    assert run.exit_code == Exit.USAGE
    assert run.stderr.splitlines() == [
        f"laneway: {file}:2: lane fast serves {MODEL}",
        f"laneway: {file}:4: the id a stands twice, first in {file}:1; give each job its own",
        "laneway: nothing was sent",
    ]
    assert run.stdout == ""
    assert sent(kept) == []


def test_of_very_many_bad_lines_some_are_told(kept: Kept) -> None:
    run = laneway(kept, "submit", "--file", written(kept, *[{"id": "a"}] * 50))
    assert run.exit_code == Exit.USAGE
    assert run.stderr.splitlines()[-1] == "laneway: nothing was sent; 30 more lines are wrong"
    assert len(run.stderr.splitlines()) == 21


def test_an_empty_file_is_no_batch(kept: Kept) -> None:
    run = batch(kept, written(kept))
    assert (run.exit_code, run.stderr) == (
        Exit.USAGE,
        f"laneway: {kept.folder / 'jobs.jsonl'} holds no jobs: write one a line\nlaneway: nothing was sent\n",
    )


def test_a_batch_writes_the_results_of_what_was_sent_and_names_the_rest(kept: Kept) -> None:
    kept.pool.submit("Another's", id="taken")
    assert sent(kept) == ["taken"]
    file = written(kept, *jobs("a"), *jobs("taken"), *jobs("long", prompt=LONG), *jobs("b"))
    answer(kept, "a", "b")
    run = batch(kept, file, "--json")
    assert run.exit_code == Exit.JOB_FAILED
    assert f"laneway: {file}:2: the id taken belongs to another request" in run.stderr
    assert f"laneway: {file}:3: SQS refuses the message: InvalidParameterValue" in run.stderr
    assert sorted(rows(kept)) == ["a", "b"]
    told = json.loads(run.stdout)
    assert (told["total"], told["succeeded"], told["failed"], told["not_sent"]) == (4, 2, 0, 2)


def test_a_mended_file_is_gone_on_with(kept: Kept) -> None:
    answer(kept, "a", "mended")
    batch(kept, written(kept, *jobs("a"), *jobs("mended", prompt=LONG)))
    assert sent(kept) == ["a"]
    run = batch(kept, written(kept, *jobs("a"), *jobs("mended")))
    assert run.exit_code == Exit.OK, run.stderr
    assert sent(kept) == ["mended"]
    assert sorted(rows(kept)) == ["a", "mended"]
    assert "done 2, failed 0 of 2" in run.stderr


def test_a_pool_that_cant_be_reached_is_told_once_with_how_many_are_left(kept: Kept) -> None:
    file = written(kept, *jobs(*map(str, range(100))))
    kept.remove_queue("fast")
    run = batch(kept, file)
    assert run.exit_code == Exit.UNAVAILABLE
    assert run.stderr.count("refused by AWS: AWS.SimpleQueueService.NonExistentQueue") == 1
    assert "100 of 100 jobs were not sent; run it again to go on" in run.stderr
    assert "not sent 100 of 100" in run.stderr


def test_submit_prints_the_ids_of_what_was_sent_and_names_the_rest(kept: Kept) -> None:
    file = written(kept, *jobs("a"), *jobs("long", prompt=LONG), *jobs("b"))
    run = laneway(kept, "submit", "--file", file)
    assert run.exit_code == Exit.USAGE
    assert run.stdout.splitlines() == ["a", "b"]
    assert f"laneway: {file}:2: SQS refuses the message" in run.stderr
    assert sent(kept) == ["a", "b"]


def test_submit_waits_for_what_was_sent(kept: Kept) -> None:
    answer(kept, "a", "b")
    run = laneway(kept, "submit", "--wait", "--json", "-f", written(kept, *jobs("a", "b"), *jobs("l", prompt=LONG)))
    assert run.exit_code == Exit.USAGE
    assert [json.loads(line)["id"] for line in run.stdout.splitlines()] == ["a", "b"]


@pytest.mark.parametrize("name", ["jobs.jsonl", "jobs.JSONL", "jobs.ndjson"])
def test_a_file_that_is_submitted_again_is_the_same_jobs(kept: Kept, name: str) -> None:
    file = written(kept, {"prompt": "One?"}, {"prompt": "Two?"}, {"prompt": "One?"}, name=name)
    runs = [laneway(kept, "submit", "--file", file).stdout.splitlines() for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3
    options = ("--max-tokens", "8")
    assert set(laneway(kept, "submit", "--file", file, *options).stdout.splitlines()).isdisjoint(runs[0])


def test_one_id_is_not_for_many_lines(kept: Kept) -> None:
    run = laneway(kept, "submit", "--id", "x", "--file", written(kept, {"prompt": "One?"}, {"prompt": "Two?"}))
    assert (run.exit_code, "--id names one job" in run.stderr) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"prompt": "One?"}]', f"{ONE_LIST}, into a .jsonl file"),
        ('{"prompt": "One?"}\n{"prompt": "Two?"}\n', "at line 2 column 1; a file with one job a line is .jsonl"),
        ('{"prompt": "One?", "prompt": "Two?"}', "a key stands twice in one object"),
    ],
    ids=["list", "lines", "key-twice"],
)  # fmt: skip
def test_what_is_no_single_job_is_told_with_the_way_out(kept: Kept, text: str, words: str) -> None:
    (kept.folder / "job.json").write_text(text)
    run = laneway(kept, "submit", "--file", str(kept.folder / "job.json"))
    assert (run.exit_code, words in run.stderr) == (Exit.USAGE, True), run.stderr


def test_a_file_may_be_called_as_standard_input_is(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(kept.folder)
    written(kept, *jobs("a"), name="-")
    answer(kept, "a")
    assert batch(kept, "./-").exit_code == Exit.OK
    assert rows(kept) == ["a"]


def test_many_jobs_are_all_sent_or_have_handles_and_reasons(kept: Kept) -> None:
    with pytest.raises(NotAllSent, match="1 of 3 jobs can't be sent, 2 were sent: jobs\\[1\\]: SQS refuses") as caught:
        kept.pool.submit_all(["Why?", LONG, "Why?"])
    assert [type(each) for each in caught.value.handles] == [JobHandle, JobHandle]
    assert sorted(each.id for each in caught.value.handles) == sent(kept)
    with pytest.raises(NotAllSent, match="1 of 2 jobs can't be sent, none was sent"):
        kept.pool.submit_all(["Why?", ""])
    assert sent(kept) == []


def test_jobs_that_a_lost_pool_took_have_handles(kept: Kept) -> None:
    pool = kept.pool
    kept.remove_queue("fast")
    with pytest.raises(NotAllSent) as caught:
        pool.submit_all(["Why?"] * 50)
    assert len(caught.value.refused) == 50
    assert isinstance(caught.value.refused[-1].error, PoolUnavailable)
