"""`laneway failed` on an emulator whose queues nobody works on."""

from __future__ import annotations

import json
import signal
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from support.aws.moto import moto_server
from support.inputs.pool_files import CANARY
from support.local.failed_jobs import Kept
from support.local.pool import LANEWAY, environment, laneway
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.local.pool import Done

HOUR = timedelta(hours=1)


@pytest.fixture(scope="session")  # run by several processes, tests of other modules come between
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture
def kept(endpoint: str, tmp_path: Path) -> Kept:
    return Kept(endpoint, tmp_path)


def failed(kept: Kept, *arguments: str) -> Done:
    return laneway("failed", *arguments, variables=environment(LANEWAY_POOL=str(kept.folder)))


def listed(kept: Kept) -> list[str]:
    return [each["id"] for each in json.loads(failed(kept, "list", "--json").stdout)["jobs"]]


def started(kept: Kept, *arguments: str) -> subprocess.Popen[str]:
    variables = environment(LANEWAY_POOL=str(kept.folder))
    command = [*LANEWAY, "failed", *arguments]
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("command", ["list", "show", "retry", "drop"])
def test_help_says_what_a_command_does(command: str) -> None:
    done = laneway("failed", command, "--help", variables=environment())
    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_a_pool_without_failed_jobs_says_so(kept: Kept) -> None:
    told, document = failed(kept, "list"), failed(kept, "list", "--json")
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "no failed jobs\n")
    assert json.loads(document.stdout) == {"causes": [], "jobs": []}


def test_a_list_counts_causes_and_has_the_newest_first(kept: Kept) -> None:
    kept.fail("old", ago=3 * HOUR)
    kept.fail("new", ago=timedelta(minutes=5))
    kept.fail("bad", ErrorCode.INVALID_JOB, lane="slow", ago=HOUR)
    done = failed(kept, "list")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert rows[:4] == [["CODE", "LANE", "JOBS"], ["timed_out", "fast", "2"], ["invalid_job", "slow", "1"], []]
    assert rows[4] == ["ID", "LANE", "CODE", "ATTEMPTS", "AGE", "MESSAGE"]
    assert [row[:4] for row in rows[5:]] == [
        ["new", "fast", "timed_out", "2"],
        ["bad", "slow", "invalid_job", "1"],
        ["old", "fast", "timed_out", "2"],
    ]
    assert rows[-1][4].startswith("3h")


def test_a_list_is_selected_and_cut(kept: Kept) -> None:
    for number in range(5):
        kept.fail(f"job-{number}", lane="slow" if number else "fast")
    cut = failed(kept, "list", "--limit", "2", "--lane", "slow")
    assert len(cut.stdout.splitlines()) == 2 + 1 + 3
    assert cut.stderr == "and 2 more: --limit 0 shows all\n"
    assert len(failed(kept, "list", "--limit", "0").stdout.splitlines()) == 3 + 1 + 6


def test_a_list_in_json_holds_no_body(kept: Kept) -> None:
    kept.fail("a", body=json.dumps({"id": "a", "prompt": CANARY}))
    done = failed(kept, "list", "--json", "--code", "timed_out", "--newer-than", "1h", "a")
    (row,) = json.loads(done.stdout)["jobs"]
    assert (row["id"], row["code"], row["attempts"]) == ("a", "timed_out", 2)
    assert CANARY not in done.stdout


def test_show_tells_everything_but_the_body(kept: Kept) -> None:
    kept.fail("a", body=json.dumps({"id": "a", "prompt": CANARY}))
    told, document = failed(kept, "show", "a"), failed(kept, "show", "--json", "a")
    assert told.returncode == 0, told.stderr
    assert all(words in told.stdout for words in ("timed_out", "Lower `num_predict`", "w-1", "failed retry a"))
    assert json.loads(document.stdout)["error"]["code"] == "timed_out"
    assert CANARY not in told.stdout + document.stdout


def test_show_prints_the_body_on_request(kept: Kept) -> None:
    body = json.dumps({"id": "a", "prompt": CANARY})
    kept.fail("a", body=body)
    assert failed(kept, "show", "--body", "a").stdout == f"{body}\n"
    assert json.loads(failed(kept, "show", "--body", "--json", "a").stdout)["body"] == body


def test_what_comes_from_elsewhere_does_not_move_the_cursor(kept: Kept) -> None:
    kept.fail("a", message="\x1b[2Jcleared")
    for command in (["list"], ["show", "a"]):
        done = failed(kept, *command)
        assert "[2Jcleared" in done.stdout
        assert "\x1b" not in done.stdout


@pytest.mark.parametrize("command", ["show", "retry", "drop"])
def test_a_job_that_nobody_knows_is_named(kept: Kept, command: str) -> None:
    done = failed(kept, command, "nobody")
    assert done.returncode == (2 if command == "show" else 1)
    assert "neither a stored job nor a result of the id nobody: `laneway failed list`" in done.stderr


def test_entries_that_can_not_be_read_are_told_of_in_one_line(kept: Kept) -> None:
    kept.fail("a")
    first = kept.leave_unreadable("b")
    one = failed(kept, "list", "--json")
    second = kept.leave_unreadable("c")
    two = failed(kept, "retry", "--all", "--yes")
    assert one.returncode == two.returncode == 0
    assert [each["id"] for each in json.loads(one.stdout)["jobs"]] == ["a"]
    assert one.stderr == f"1 entry is not readable by this version: {first}\n"
    assert two.stderr == f"2 entries are not readable by this version: {first}, {second}\nsent 1, refused 0\n"
    assert [message.history.id for message in kept.messages()] == ["a"]
    for name in ("d", "e", "f"):
        kept.leave_unreadable(name)
    assert failed(kept, "list").stderr.splitlines()[0].endswith("d.json and 2 more")


def test_a_named_job_whose_entry_can_not_be_read_is_refused(kept: Kept) -> None:
    key = kept.leave_unreadable("a")
    kept.fail("b")
    for command in ("retry", "drop"):
        done = failed(kept, command, "a")
        assert (done.returncode, done.stderr.startswith(f"{key} is not readable by this version: ")) == (1, True)
    assert failed(kept, "show", "a").returncode == 4


def test_a_job_that_is_named_is_sent_at_once(kept: Kept) -> None:
    kept.fail("a")
    kept.fail("b")
    done = failed(kept, "retry", "a")
    assert (done.returncode, done.stderr) == (0, "sent 1, refused 0\n")
    assert [message.history.id for message in kept.messages()] == ["a"]
    assert listed(kept) == ["b"]


def test_a_selection_is_shown_before_anything_is_sent(kept: Kept) -> None:
    for name in ("a", "b"):
        kept.fail(name)
    kept.fail("c", ErrorCode.STALLED)
    shown, document = (failed(kept, "retry", "--code", "timed_out", *more) for more in ([], ["--json"]))
    assert shown.returncode == document.returncode == 3
    assert "timed_out  fast  2" in shown.stdout
    assert "--yes" in shown.stderr
    assert json.loads(document.stdout)["jobs"] == ["a", "b"]
    assert kept.messages() == []
    done = failed(kept, "retry", "--code", "timed_out", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"dry_run": False, "sent": ["a", "b"], "refused": []})
    assert len(kept.messages()) == 2
    assert listed(kept) == ["c"]


def test_a_dry_run_of_a_named_job_sends_nothing(kept: Kept) -> None:
    kept.fail("a")
    assert failed(kept, "retry", "--dry-run", "--yes", "a").returncode == 3
    dropped = failed(kept, "drop", "--dry-run", "a")
    assert (dropped.returncode, "this is 1 failed job (" in dropped.stderr) == (3, True)
    assert listed(kept) == ["a"]
    assert kept.messages() == []


def test_a_selection_of_nothing_is_no_fault(kept: Kept) -> None:
    done, rest = failed(kept, "retry", "--lane", "slow", "--yes"), failed(kept, "drop", "--all", "--yes")
    assert (done.returncode, done.stderr) == (0, "no failed jobs match\n")
    assert (rest.returncode, rest.stderr) == (0, "no failed jobs\n")
    assert failed(kept, "list", "--code", "stalled").stderr == "no failed jobs match\n"


@pytest.mark.parametrize("command", [["list"], ["retry", "--yes"]])
def test_a_lane_that_is_mistyped_is_told(kept: Kept, command: list[str]) -> None:
    kept.fail("a")
    done = failed(kept, *command, "--lane", "fats")
    words = "no failed jobs match: the pool has no lane fats; it has fast, slow\n"
    assert (done.returncode, done.stderr) == (0, words)


def test_a_lane_that_has_left_the_pool_still_lists_its_jobs(kept: Kept) -> None:
    kept.fail("a", lane="slow")
    kept.publish(("fast",))
    done = failed(kept, "list", "--lane", "slow")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_job_that_is_refused_is_told_and_holds_up_none(kept: Kept) -> None:
    kept.fail("a")
    kept.end("gone", "succeeded")
    done = failed(kept, "retry", "gone", "a", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["sent"] == ["a"]
    assert [each["id"] for each in document["refused"]] == ["gone"]
    assert done.stderr == "gone succeeded: there is nothing to mend\n"


def test_jobs_go_to_the_lane_that_is_named(kept: Kept) -> None:
    kept.fail("a")
    unknown = failed(kept, "retry", "a", "--to", "nowhere")
    assert (unknown.returncode, "it has fast, slow" in unknown.stderr) == (2, True)
    assert failed(kept, "retry", "a", "--to", "slow").returncode == 0
    assert len(kept.messages("slow")) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["retry"], "name jobs by id, or select them"),
        (["drop"], "name jobs by id, or select them"),
        (["retry", "a", "--all"], "either ids or a selection, not both"),
        (["retry", "a", "--rate", "fast"], "10/s"),
        (["retry", "a", "--rate", "0"], "10/s"),
        (["list", "--older-than", "yesterday"], "--older-than should be a duration"),
        (["list", "--code", "tired"], "timed_out"),
        (["retry", "no such id"], "no such id"),
    ],
)
def test_what_can_not_be_used_is_named(kept: Kept, arguments: list[str], words: str) -> None:
    done = failed(kept, *arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_dropped_jobs_keep_their_results(kept: Kept) -> None:
    for name in ("a", "b", "c"):
        kept.fail(name)
    assert failed(kept, "drop", "--all").returncode == 3
    assert failed(kept, "drop", "b").stderr == "dropped 1, refused 0\n"
    assert sorted(listed(kept)) == ["a", "c"]
    assert failed(kept, "drop", "--all", "--yes").stderr == "dropped 2, refused 0\n"
    assert kept.messages() == []
    assert listed(kept) == []
    assert kept.pool.status("a").state == "failed"


def test_a_retry_that_is_interrupted_goes_on_with_the_rest(kept: Kept) -> None:
    names = [f"job-{number:02}" for number in range(30)]
    for name in names:
        kept.fail(name)
    with started(kept, "retry", "--all", "--yes", "--rate", "10/s") as process:
        first = eventually(kept.messages)
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "of 30; the same command goes on with the rest" in words
    assert "Traceback" not in words
    assert 0 < len(listed(kept)) < 30
    assert failed(kept, "retry", "--all", "--yes", "--rate", "1000/s").returncode == 0
    assert sorted(message.history.id for message in first + kept.messages()) == names


def test_the_new_results_are_waited_for(kept: Kept) -> None:
    for name in ("a", "b"):
        kept.fail(name)
    with started(kept, "retry", "a", "b", "--wait", "--json") as process:
        eventually(lambda: not listed(kept))
        kept.end("a", "succeeded")
        kept.end("b", code=ErrorCode.STALLED)
        output, words = process.communicate(timeout=30)
    assert process.returncode == 1, words
    assert json.loads(output)["results"] == [
        {"id": "a", "status": "succeeded", "code": None},
        {"id": "b", "status": "failed", "code": "stalled"},
    ]


def test_a_wait_that_is_too_short_has_its_own_exit_code(kept: Kept) -> None:
    kept.fail("a")
    done = failed(kept, "retry", "a", "--wait", "--timeout", "0.2", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["sent"] == ["a"]
    assert "1 job has no new result after 0.2 s; it goes on" in done.stderr


def test_a_pool_that_has_gone_is_named(kept: Kept, tmp_path: Path) -> None:
    connection = kept.connection.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    (tmp_path / "connection.json").write_text(connection.model_dump_json())
    done = failed(kept, "list")
    assert done.returncode == 4
    assert "127.0.0.1:9" in done.stderr
