"""`laneway batch`: each job once in the output, however often it was interrupted."""

from __future__ import annotations

import json
import signal
import uuid
from typing import TYPE_CHECKING, Any

from support.inputs.pool_files import CANARY, counting, short
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.local.pool import LocalPool


def new_id() -> str:
    return f"batch-{uuid.uuid4().hex}"


def written(folder: Path, jobs: Sequence[dict[str, Any]]) -> Path:
    file = folder / "jobs.jsonl"
    file.write_text("".join(json.dumps(job) + "\n" for job in jobs))
    return file


def ids_of(output: Path) -> list[str]:
    return [json.loads(line)["id"] for line in output.read_text().splitlines()]


def lines_of(output: Path) -> int:
    return output.read_text().count("\n") if output.exists() else 0


def test_every_job_has_one_line(shared: LocalPool, tmp_path: Path) -> None:
    ids = [new_id() for _ in range(4)]
    jobs = written(tmp_path, [short(CANARY, id=job_id) for job_id in ids])
    output = tmp_path / "results.jsonl"
    done = shared.cli("batch", jobs, "--output", output, "--lane", "slow")
    assert done.returncode == 0, done.stderr
    assert "done 4, failed 0 of 4" in done.stderr
    assert sorted(ids_of(output)) == sorted(ids)


def test_equal_lines_without_ids_are_two_jobs_and_keep_their_ids(shared: LocalPool, tmp_path: Path) -> None:
    jobs = written(tmp_path, [short(new_id())] * 2)
    output = tmp_path / "results.jsonl"
    done = shared.cli("batch", jobs, "--output", output, "--lane", "slow", "--json")
    again = shared.cli("batch", "-", "--output", output, "--lane", "slow", "--json", stdin=jobs.read_text())
    first, second = json.loads(done.stdout), json.loads(again.stdout)
    assert first["succeeded"] == 2
    assert second | {"seconds": 0} == first | {"seconds": 0}
    assert len(set(ids_of(output))) == 2


def test_a_job_that_fails_is_counted_and_told_by_the_exit_code(shared: LocalPool, tmp_path: Path) -> None:
    jobs = written(tmp_path, [short(id=new_id()), {"id": new_id(), "prompt": "word " * 9000}])
    output = tmp_path / "results.jsonl"
    done = shared.cli("batch", jobs, "--output", output)
    assert done.returncode == 1
    assert "done 1, failed 1 of 2" in done.stderr
    assert len(ids_of(output)) == 2


def test_an_interrupted_batch_is_completed_by_the_next_run(shared: LocalPool, tmp_path: Path) -> None:
    ids = [new_id() for _ in range(12)]
    jobs = written(tmp_path, [counting(60, id=job_id) for job_id in ids])
    output = tmp_path / "results.jsonl"
    with shared.cli_running("batch", jobs, "--output", output, "--lane", "slow") as process:
        eventually(lambda: lines_of(output) >= 2)
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=30)
    had = lines_of(output)
    assert process.returncode == 130
    assert "Traceback" not in words
    assert had < len(ids)
    done = shared.cli("batch", jobs, "--output", output, "--lane", "slow")
    assert done.returncode == 0, done.stderr
    assert f"{had} of 12 results already" in done.stderr
    assert sorted(ids_of(output)) == sorted(ids)


def test_half_a_last_line_is_written_again(shared: LocalPool, tmp_path: Path) -> None:
    ids = [new_id() for _ in range(3)]
    jobs = written(tmp_path, [short(id=job_id) for job_id in ids])
    output = tmp_path / "results.jsonl"
    shared.cli("batch", jobs, "--output", output, "--lane", "slow")
    output.write_bytes(output.read_bytes()[:-20])
    done = shared.cli("batch", jobs, "--output", output, "--lane", "slow")
    assert done.returncode == 0, done.stderr
    assert sorted(ids_of(output)) == sorted(ids)


def test_a_bad_line_is_named_before_anything_is_sent(shared: LocalPool, tmp_path: Path) -> None:
    good = new_id()
    jobs = written(tmp_path, [short(id=good), {"prompt": "a", "options": {"num_gpu": 1}}])
    output = tmp_path / "results.jsonl"
    done = shared.cli("batch", jobs, "--output", output)
    assert done.returncode == 2
    assert f"{jobs}:2" in done.stderr
    assert "num_gpu" in done.stderr
    assert not output.exists()
    assert shared.cli("status", good).returncode == 2


def test_an_id_that_stands_twice_is_named_before_anything_is_sent(shared: LocalPool, tmp_path: Path) -> None:
    twice = new_id()
    jobs = written(tmp_path, [short(id=twice), short("Other", id=twice)])
    done = shared.cli("batch", jobs, "--output", tmp_path / "results.jsonl")
    assert done.returncode == 2
    assert f"{jobs}:2" in done.stderr
    assert shared.cli("status", twice).returncode == 2


def test_an_output_that_holds_something_else_is_left_alone(shared: LocalPool, tmp_path: Path) -> None:
    jobs = written(tmp_path, [short(id=new_id())])
    output = tmp_path / "notes.txt"
    output.write_text("my notes\n")
    done = shared.cli("batch", jobs, "--output", output)
    assert done.returncode == 2
    assert output.read_text() == "my notes\n"


def test_a_batch_that_takes_too_long_has_its_own_exit_code(shared: LocalPool, idle: Path, tmp_path: Path) -> None:
    jobs = written(tmp_path, [short(id=new_id())])
    done = shared.cli("batch", "--pool", idle, "--timeout", "0.2", jobs, "--output", tmp_path / "results.jsonl")
    assert done.returncode == 3
