from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from laneway_table.rows.asked import Filter
from laneway_table.stores import open_table
from support.table.benches import url_file_of
from support.table.events import event
from support.table.process import Queue, config, page, projector
from support.table.rows import POOL
from support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_table.ports.table import Table
    from support.aws.emulators import Aws
    from support.table.postgres import Server

MOST = 1000
CANARY = "the-words-of-a-customer"


def count(table: Table) -> int:
    return table.count(POOL, Filter(), MOST)


def test_events_become_rows_whatever_stands_between_them(aws: Aws, tmp_path: Path) -> None:
    queue = Queue(aws)
    told = config(aws, queue, {"sqlite": {"path": str(tmp_path / "table.sqlite")}}, output=True)
    good = [event(f"job-{number}", text=f"{CANARY} {number}") for number in range(40)]
    queue.send([*good[:20], "{}", event("foreign", pool="nlp/other"), *good[20:]])
    with projector(told, tmp_path) as process:
        eventually(lambda: page(told, "/readyz")[0] == 200)
        table = open_table(told)
        eventually(lambda: count(table) == len(good))
        eventually(lambda: queue.left() <= 2)
        found = table.get(POOL, "job-7")
        assert found is not None
        assert found.text == f"{CANARY} 7"
        metrics = page(told, "/metrics")[1]
        assert "laneway_table_rows_total 40.0" in metrics
        assert "laneway_table_up 1.0" in metrics
        process.terminate()
        assert process.wait(30) == 0
    log = "".join(each.read_text() for each in tmp_path.glob("projector-*.log"))
    assert CANARY not in log
    assert [json.loads(line) for line in log.splitlines()]
    table.close()


def test_two_at_once_of_which_one_is_killed_lose_nothing(moto: Aws, tmp_path: Path, postgres15: Server) -> None:
    queue = Queue(moto)
    store = {"postgres": {"url_file": str(url_file_of(tmp_path, postgres15))}}
    one, other = config(moto, queue, store), config(moto, queue, store)
    bodies = [event(f"job-{number}") for number in range(200)]
    replaced = [event(f"job-{number}", revision=1, etag='"2"') for number in range(50)]
    with projector(one, tmp_path) as killed:
        queue.send(bodies)
        table = open_table(one)
        table.prepare()
        eventually(lambda: count(table) > 20)
        killed.kill()
        with projector(other, tmp_path):
            queue.send([*replaced, *bodies[:50]])
            eventually(lambda: count(table) == 200 and queue.left() == 0, 120)
    etags = table.etags(POOL, [f"job-{number}" for number in range(200)])
    assert sorted(each for each in etags if etags[each] == '"2"') == sorted(f"job-{number}" for number in range(50))
    assert queue.dead() == 0
    table.close()


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "Invalid JSON"),
        ("{}", "pool: is missing"),
        (None, "No such file"),
    ],
)
def test_a_document_that_cant_be_used_is_said_in_one_line(tmp_path: Path, document: str | None, words: str) -> None:
    path = tmp_path / "projector.json"
    if document is not None:
        path.write_text(document)
    command = [sys.executable, "-P", "-m", "laneway_table", "--config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert words.lower() in done.stderr.lower()
    assert len(done.stderr.splitlines()) == 1
