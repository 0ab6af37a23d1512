from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.canary import ANSWER, PROMPT, Gate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("planted", [PROMPT, ANSWER])
def test_a_log_that_tells_is_named_with_its_line(tmp_path: Path, planted: str) -> None:
    gate, log = Gate(), tmp_path / "worker.log"
    gate.watch(log)
    log.write_text(f'{{"message": "worker started"}}\n{{"message": "asked {planted} and"}}\n')
    assert gate.found() == [f'{log}:2: {{"message": "asked {planted} and"}}']


def test_a_folder_is_read_with_all_logs_in_it(tmp_path: Path) -> None:
    gate = Gate()
    gate.watch(tmp_path / "logs")
    (tmp_path / "logs" / "pods" / "a").mkdir(parents=True)
    (tmp_path / "logs" / "pods" / "a" / "0.log").write_text(PROMPT)
    (tmp_path / "logs" / "result.json").write_text(PROMPT)
    assert [each.rpartition("/")[2] for each in gate.found()] == [f"0.log:1: {PROMPT}"]


def test_what_is_removed_is_read_before(tmp_path: Path) -> None:
    gate, log = Gate(), tmp_path / "kubelet.log"
    log.write_text(PROMPT)
    gate.read(tmp_path)
    log.unlink()
    assert gate.found() == [f"{log}:1: {PROMPT}"]


def test_a_page_that_tells_is_named() -> None:
    gate = Gate()
    page = gate.saw(f'laneway_jobs_total{{label="{PROMPT}"}} 1', "/metrics")
    assert gate.found() == [f"/metrics:1: {page}"]


def test_what_tells_nothing_and_what_is_not_there_pass(tmp_path: Path) -> None:
    gate = Gate()
    gate.watch(tmp_path / "never.log")
    gate.saw('{"message": "job committed", "id": "a"}', "a log")
    assert gate.found() == []


def test_a_log_that_goes_while_its_folder_is_read_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    gate = Gate()
    (tmp_path / "gone.log").symlink_to(tmp_path / "never")
    (tmp_path / "there.log").write_text(PROMPT)
    gate.read(tmp_path)
    assert gate.found() == [f"{tmp_path / 'there.log'}:1: {PROMPT}"]
