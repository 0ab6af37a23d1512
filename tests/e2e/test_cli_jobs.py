"""`laneway submit | status | result | cancel` against a running pool."""

from __future__ import annotations

import json
import signal
import uuid
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.result import Result
from support.inputs.pool_files import BUCKET, CANARY, ENDLESS_TOKENS, counting, short
from support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from support.local.pool import LocalPool

FEW = ("--max-tokens", "8")


def new_id() -> str:
    return f"cli-{uuid.uuid4().hex}"


def test_submit_prints_the_answer_on_standard_output_and_how_it_went_on_standard_error(shared: LocalPool) -> None:
    done = shared.cli("submit", "--wait", *FEW, "--lane", "slow", f"Say hello. {CANARY}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "succeeded" in done.stderr
    assert "succeeded" not in done.stdout


def test_submit_without_wait_prints_an_id_whose_result_can_be_had(shared: LocalPool) -> None:
    job_id = shared.cli("submit", *FEW, "Say hello.").stdout.strip()
    done = shared.cli("result", "--wait", job_id)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_submit_takes_an_id_and_prints_it_as_json(shared: LocalPool) -> None:
    job_id = new_id()
    done = shared.cli("submit", *FEW, "--id", job_id, "--json", "Say hello.")
    assert json.loads(done.stdout) == {"id": job_id}


def test_submit_wait_json_prints_the_whole_result(shared: LocalPool) -> None:
    done = shared.cli("submit", "--wait", "--json", *FEW, "--lane", "slow", "--system", "Be brief.", "Say hello.")
    result = Result.model_validate_json(done.stdout)
    assert result.status == "succeeded"
    assert result.lane == "slow"


def test_submit_reads_a_prompt_from_standard_input(shared: LocalPool) -> None:
    done = shared.cli("submit", "--wait", *FEW, "--json", stdin=f"Say hello. {CANARY}\n")
    assert done.returncode == 0, done.stderr
    stored = shared.aws.object(BUCKET, f"e2e/jobs/{json.loads(done.stdout)['id']}.json")
    assert stored["prompt"] == f"Say hello. {CANARY}\n"


def test_submit_reads_a_prompt_from_a_text_file(shared: LocalPool, tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("Größe und Änderung — 日本語\n")
    done = shared.cli("submit", "--wait", *FEW, "--json", "--file", file)
    stored = shared.aws.object(BUCKET, f"e2e/jobs/{json.loads(done.stdout)['id']}.json")
    assert done.returncode == 0, done.stderr
    assert stored["prompt"] == "Größe und Änderung — 日本語\n"


def test_submit_reads_one_job_from_a_json_file(shared: LocalPool, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps(short(labels={"team": "claims"})))
    result = Result.model_validate_json(shared.cli("submit", "--wait", "--json", "--file", file).stdout)
    assert result.status == "succeeded"
    assert result.labels == {"team": "claims"}


def test_submit_reads_a_job_a_line_and_prints_the_answers_in_order(shared: LocalPool, tmp_path: Path) -> None:
    file = tmp_path / "jobs.jsonl"
    ids = [new_id() for _ in range(3)]
    file.write_text("".join(json.dumps(short(id=job_id)) + "\n\n" for job_id in ids))
    done = shared.cli("submit", "--wait", "--json", "--lane", "slow", "--file", file)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ids


def test_submit_meets_a_schema(shared: LocalPool, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}')
    prompt = "Is the sky blue? Answer in JSON."
    done = shared.cli("submit", "--wait", "--lane", "slow", "--max-tokens", "64", "--schema", schema, prompt)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).keys() == {"yes"}


def test_submit_to_a_destination_prints_the_answer_from_there(shared: LocalPool) -> None:
    done = shared.cli("submit", "--wait", *FEW, "--destination", "legal", "Say hello.")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_a_prompt_and_a_file_together_are_refused(shared: LocalPool, tmp_path: Path) -> None:
    done = shared.cli("submit", "--file", tmp_path / "job.json", "Say hello.")
    assert done.returncode == 2
    assert "not both" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("job.json", '{"prompt": "a", "options": {"num_ctx": 4096}}', "num_ctx"),
        ("job.json", '{"promt": "a"}', "did you mean prompt?"),
        ("job.json", '{"prompt": "a", "options": {"temperature": "hot"}}', "options.temperature"),
        ("job.json", '{"prompt": "a", "destination": "elsewhere"}', "legal"),
        ("job.json", '{"prompt": "a", "model": "llama3"}', "gemma3:270m"),
        ("job.json", '{"prompt": "a",}', "not JSON"),
        ("jobs.jsonl", '{"prompt": "a"}\n[1]\n', "jobs.jsonl:2"),
        ("job.json", '{"id": "../escape", "prompt": "a"}', "id"),
    ],
)
def test_an_invalid_job_is_refused_with_what_is_wrong(
    shared: LocalPool, tmp_path: Path, name: str, content: str, expected: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    done = shared.cli("submit", "--file", file)
    assert done.returncode == 2
    assert expected in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("submit", "--lane", "nowhere", "Say hello."), "fast, slow, brief"),
        (("submit", "--max-tokens", "0", "Say hello."), "--max-tokens"),
        (("submit", "--file", "no-such-file"), "no-such-file"),
        (("submit", "-"), "standard input is empty"),
        (("status", "no-such-job"), "no-such-job"),
        (("status", "a/b"), "id"),
        (("result", "../pool"), "id"),
        (("cancel", "a b"), "id"),
    ],
)
def test_what_can_not_be_used_is_refused_by_name(shared: LocalPool, arguments: tuple[str, ...], expected: str) -> None:
    done = shared.cli(*arguments)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_an_id_belongs_to_one_request(shared: LocalPool) -> None:
    job_id = new_id()
    first = shared.cli("submit", *FEW, "--id", job_id, "Say hello.")
    again = shared.cli("submit", *FEW, "--id", job_id, "Say hello.")
    other = shared.cli("submit", *FEW, "--id", job_id, "Say goodbye.")
    assert [first.returncode, again.returncode, other.returncode] == [0, 0, 2]
    assert job_id in other.stderr


def test_a_prompt_that_does_not_fit_fails_with_its_code(shared: LocalPool) -> None:
    done = shared.cli("submit", "--wait", "--lane", "slow", *FEW, stdin=f"{CANARY} " * 4096)
    assert done.returncode == 1
    assert "prompt_too_long" in done.stderr
    assert done.stdout == ""


def test_a_job_that_nobody_works_on_is_queued(shared: LocalPool, idle: Path) -> None:
    job_id = new_id()
    shared.cli("submit", "--pool", idle, "--id", job_id, "Say hello.")
    told = shared.cli("status", "--pool", idle, job_id)
    figures = json.loads(shared.cli("status", "--pool", idle, "--json", job_id).stdout)
    assert told.returncode == 0
    assert told.stdout.startswith("queued; about ")
    assert figures["estimate"]["known"] == "unread"  # nobody has worked there who could know
    assert figures | {"estimate": None} == {
        "id": job_id,
        "state": "queued",
        "lane": "fast",
        "waiting": figures["waiting"],
        "estimate": None,
    }
    assert figures["waiting"] >= 1


def test_a_result_that_is_not_there_yet_has_its_own_exit_code(shared: LocalPool, idle: Path) -> None:
    job_id = new_id()
    sent = shared.cli("submit", "--pool", idle, "--id", job_id, "--wait", "--timeout", "0.2", "Say hello.")
    asked = shared.cli("result", "--pool", idle, job_id)
    waited = shared.cli("result", "--pool", idle, "--wait", "--timeout", "0.2", job_id)
    assert [sent.returncode, asked.returncode, waited.returncode] == [3, 3, 3]
    assert all(job_id in each.stderr for each in (sent, asked, waited))


def test_the_result_of_an_unknown_job_is_not_there(shared: LocalPool) -> None:
    assert shared.cli("result", "no-such-job").returncode == 3


def test_status_and_result_of_a_job_that_ended(shared: LocalPool) -> None:
    job_id = new_id()
    answer = shared.cli("submit", "--wait", *FEW, "--id", job_id, "Say hello.").stdout
    assert shared.cli("status", job_id).stdout.strip() == "succeeded"
    assert shared.cli("result", job_id).stdout == answer


def test_a_running_job_says_so_and_can_be_cancelled(shared: LocalPool, tmp_path: Path) -> None:
    job_id = new_id()
    file = tmp_path / "job.json"
    file.write_text(json.dumps(counting(ENDLESS_TOKENS, id=job_id)))
    with shared.letting_go_of(job_id):
        shared.cli("submit", "--file", file)
        eventually(lambda: shared.cli("status", job_id).stdout.startswith("running"))  # and where, once its worker told
        cancelled = shared.cli("cancel", job_id)
    ended = shared.cli("result", "--wait", job_id)
    assert cancelled.returncode == 0
    assert job_id in cancelled.stderr
    assert ended.returncode == 1
    assert "cancelled" in ended.stderr
    assert shared.cli("status", job_id).stdout.strip() == "cancelled"


def test_a_queued_job_is_cancelled_before_it_costs_anything(shared: LocalPool, tmp_path: Path) -> None:
    first, second = new_id(), new_id()
    file = tmp_path / "jobs.jsonl"
    jobs = [counting(ENDLESS_TOKENS, id=job_id) for job_id in (first, second)]
    file.write_text("".join(json.dumps(job) + "\n" for job in jobs))
    with shared.letting_go_of(first, second):
        shared.cli("submit", "--file", file)
        eventually(lambda: "queued; about 1" in shared.cli("status", second).stdout)
        shared.cli("cancel", second)
        shared.cli("cancel", "--json", first)
    assert shared.pool.wait(first, timeout=180).status == "cancelled"
    result = shared.pool.wait(second, timeout=180)
    assert result.status == "cancelled"
    assert result.timing.run_seconds < 3


def test_cancel_after_the_end_changes_nothing(shared: LocalPool) -> None:
    job_id = new_id()
    before = shared.cli("submit", "--wait", "--json", *FEW, "--id", job_id, "Say hello.").stdout
    refused = shared.cli("cancel", job_id)
    assert (refused.returncode, "has its result already" in refused.stderr) == (2, True)
    assert json.loads(shared.cli("cancel", "--force", "--json", job_id).stdout)["cancel_requested"]
    assert shared.cli("result", "--json", job_id).stdout == before


def test_a_job_that_nobody_knows_is_not_cancelled(shared: LocalPool) -> None:
    done = shared.cli("cancel", new_id())
    assert (done.returncode, "neither a job nor a result" in done.stderr) == (2, True)


def test_a_system_text_that_the_template_leaves_out_is_not_called_too_long(shared: LocalPool) -> None:
    job = shared.pool.submit("Say hello.", system="You are brief.", options={"num_predict": 8}, lane="fast")
    assert shared.pool.wait(job.id, timeout=180).error is None


def test_ctrl_c_while_waiting_leaves_the_job_alone(shared: LocalPool, idle: Path) -> None:
    job_id = new_id()
    with shared.cli_running("submit", "--pool", idle, "--wait", "--id", job_id, "Say hello.") as process:
        eventually(lambda: shared.cli("status", "--pool", idle, job_id).returncode == 0)
        process.send_signal(signal.SIGINT)
        output, words = process.communicate(timeout=30)
    assert process.returncode == 130
    assert output == ""
    assert words.splitlines() == [f"{job_id} sent", "laneway: interrupted; jobs that were sent go on"]
    assert shared.cli("status", "--pool", idle, job_id).stdout.startswith("queued")


def test_a_folder_without_a_pool_is_named(shared: LocalPool, tmp_path: Path) -> None:
    done = shared.cli("submit", "--pool", tmp_path, "Say hello.")
    assert done.returncode == 4
    assert str(tmp_path) in done.stderr
    assert "laneway up" in done.stderr


def test_a_pool_that_has_gone_is_named(shared: LocalPool, tmp_path: Path) -> None:
    connection = shared.connection.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    (tmp_path / "connection.json").write_text(connection.model_dump_json())
    done = shared.cli("submit", "--pool", tmp_path, "Say hello.")
    assert done.returncode == 4
    assert "127.0.0.1:9" in done.stderr
    assert len(done.stderr.splitlines()) == 1
