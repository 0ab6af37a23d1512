"""What a dashboard reads of a pool and does to it, by the client, on emulators."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.pool.documents.live_config import LaneLimits, LiveConfig
from laneway.schema.pool.documents.worker_report import RunningJob, WorkerReport
from laneway_dashboard.adapters.failed import SETTLED
from laneway_dashboard.adapters.folder_actions import FolderActions
from laneway_dashboard.adapters.live_documents import LiveDocuments
from laneway_dashboard.adapters.opened import opened, state_of
from laneway_dashboard.adapters.reached import AGAIN
from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.ports.actions import Plan, Progress, Remark, Target
from laneway_dashboard.ports.jobs import Wanted
from laneway_dashboard.testing.clock import START, ManualClock
from support.local.failed_jobs import Kept

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_dashboard.ports.pool import PoolPorts
    from support.aws.emulators import Aws

LIMITS = LaneLimits(timeout_seconds=60, token_gap_seconds=60, expires_after_seconds=600, max_attempts=3, max_tokens=256)


@dataclass
class Shown:
    kept: Kept
    ports: PoolPorts
    clock: ManualClock


@pytest.fixture
def shown(aws: Aws, tmp_path: Path) -> Shown:
    kept = Kept(aws.endpoint, tmp_path)
    live = tmp_path / "live"
    live.mkdir()
    for lane in ("fast", "slow"):
        (live / f"{lane}.json").write_text(LiveConfig(limits=LIMITS).model_dump_json())
    clock = ManualClock()
    return Shown(kept, opened(str(tmp_path), {}, clock, state_of(str(tmp_path), {})), clock)


def test_a_pool_as_it_stands(shown: Shown) -> None:
    shown.kept.fail("a")
    shown.kept.pool.submit("Paris?", id="b", lane="slow")
    seen = shown.ports.watched.look()
    assert (seen.name, seen.failed, seen.troubles) == ("nlp/documents", 1, ())
    fast, slow = seen.lanes
    assert (fast.name, fast.queued, fast.paused, fast.workers) == ("fast", 0, False, ())
    assert (slow.queued, slow.estimate, slow.no_estimate) == (1, None, "no estimate")


def test_what_can_not_be_read_is_told_in_its_place(shown: Shown) -> None:
    for lane in ("fast", "slow"):
        shown.kept.remove_queue(lane)
    seen = shown.ports.watched.look()
    assert all("asking the queue" in (each.trouble or "") for each in seen.lanes)
    assert seen.failed == 0


def test_a_pool_that_is_deleted_while_it_is_shown(shown: Shown) -> None:
    shown.kept.aws.s3.delete_object(Bucket=shown.kept.place.bucket, Key=shown.kept.place.pool_document())
    assert not shown.ports.watched.look().troubles
    shown.clock.sleep(AGAIN.total_seconds())
    assert "there is no pool at" in shown.ports.watched.look().troubles[0]


def test_a_lane_that_comes_later_is_seen(shown: Shown) -> None:
    shown.kept.publish(("fast",))
    shown.clock.sleep(AGAIN.total_seconds())
    assert [each.name for each in shown.ports.watched.look().lanes] == ["fast"]


def test_failed_jobs_are_read_once(shown: Shown) -> None:
    planted = shown.kept.fail("a", ErrorCode.TIMED_OUT)
    shown.kept.put(shown.kept.place.failed("odd"), b"{}")
    found = shown.ports.failed.list()
    assert [(each.id, each.etag, each.code) for each in found.jobs] == [("a", planted.result_etag, "timed_out")]
    assert "odd.json is not readable" in found.unreadable[0]
    assert found.complete
    shown.clock.sleep(SETTLED.total_seconds() * 1e9)
    assert shown.ports.failed.list() == found


def test_a_failure_is_retried_once_and_no_later_one(shown: Shown) -> None:
    earlier = shown.kept.fail("a").result_etag
    later = shown.kept.fail("a").result_etag
    for verb in ("retry", "drop"):
        with pytest.raises(Refused, match="look at it first"):
            shown.ports.failed.act(verb, "a", earlier)
    assert not shown.ports.failed.act("retry", "a", later).other_body
    with pytest.raises(Refused):
        shown.ports.failed.act("retry", "a", later)
    assert len(shown.kept.messages()) == 1


def test_a_failure_is_dropped(shown: Shown) -> None:
    etag = shown.kept.fail("a").result_etag
    shown.ports.failed.act("drop", "a", etag)
    assert shown.ports.failed.list().jobs == ()
    assert shown.ports.job.get("a") is not None


def test_another_senders_body_is_told_of(shown: Shown) -> None:
    etag = shown.kept.fail("a").result_etag
    shown.kept.put(shown.kept.place.job("a"), b'{"id": "a", "prompt": "the owner\'s"}', lane="fast")
    assert shown.ports.failed.act("retry", "a", etag).other_body


def test_without_a_table_jobs_are_listed_by_their_ids(shown: Shown) -> None:
    for name in ("c", "a-2", "a-1", "b"):
        shown.kept.end(name, "succeeded")
    jobs = shown.ports.jobs
    first = jobs.page(Wanted(), None, 2)
    assert ([each.id for each in first.rows], first.next) == (["a-1", "a-2"], "a-2")
    assert [each.id for each in jobs.page(Wanted(), first.next, 2).rows] == ["b", "c"]
    assert [each.id for each in jobs.page(Wanted(prefix="a-"), None, 50).rows] == ["a-1", "a-2"]
    assert first.rows[0].status == "succeeded"
    for wanted, after in ((Wanted(prefix="../"), None), (Wanted(), "../../other")):
        with pytest.raises(Refused):
            jobs.page(wanted, after, 2)


def test_a_job_and_its_texts(shown: Shown) -> None:
    assert shown.ports.job.get("a") is None
    shown.clock.sleep(60)
    shown.kept.pool.submit("Capital of France?", id="a", lane="fast")
    queued = shown.ports.job.get("a")
    assert queued is not None
    assert (queued.state, queued.lane, queued.waiting) == ("queued", "fast", 1)
    report = WorkerReport(
        worker="w-1", lane="fast", state="serving", at=START, started_at=START, state_since=START, slots=1,
        jobs=(RunningJob(id="a", since=START, attempt=2),),
    )  # fmt: skip
    shown.kept.put(shown.kept.place.worker_report("fast", "w-1"), report.model_dump_json().encode())
    shown.clock.sleep(60)
    running = shown.ports.job.get("a")
    assert running is not None
    assert (running.state, running.worker, running.attempt) == ("running", "w-1", 2)
    etag = shown.kept.fail("a").result_etag
    failed = shown.ports.job.get("a")
    assert failed is not None
    assert (failed.state, failed.etag, failed.is_kept) == ("failed", etag, True)
    assert failed.result is not None
    assert json.loads(shown.ports.job.texts("a").request or "")["prompt"] == "Capital of France?"


def test_a_bucket_that_is_gone_is_said(shown: Shown) -> None:
    shown.kept.remove_bucket()
    for ask in (shown.ports.failed.list, lambda: shown.ports.job.get("a")):
        with pytest.raises(Unavailable, match="bucket"):
            ask()
    assert shown.ports.watched.look().troubles


def test_a_lane_of_this_machine_is_paused_by_what_its_worker_reads(tmp_path: Path) -> None:
    path = tmp_path / "fast.json"
    before = LiveConfig(limits=LIMITS, price_per_hour=0.5)
    path.write_text(before.model_dump_json())
    live = LiveDocuments(tmp_path)
    live.pause("fast", "anna")
    assert LiveConfig.model_validate_json(path.read_text()) == before.model_copy(update={"suspended": True})
    assert live.is_paused("fast") is True
    live.resume("fast", "anna")
    assert LiveConfig.model_validate_json(path.read_text()) == before
    assert live.is_paused("none") is None
    with pytest.raises(Unavailable, match="laneway up"):
        live.pause("none", "anna")


def test_actions_are_kept_in_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "actions"
    plan = Plan(
        id="abcdefghijklmnop",
        pool="a/b",
        verb="drop",
        filter="all",
        who="anna",
        at=START,
        targets=(Target(id="x", etag='"e"'),),
    )
    FolderActions(folder).begin(plan)
    assert FolderActions(folder).load() == [(plan, Progress(state="running"))]
    progress = Progress(state="ended", position=1, refused=(Remark(id="x", text="gone"),))
    FolderActions(folder).save(plan.id, progress)
    (folder / "junk.plan.json").write_text("{}")
    assert FolderActions(folder).load() == [(plan, progress)]
    assert folder.stat().st_mode & 0o077 == 0
    assert all(each.stat().st_mode & 0o077 == 0 for each in folder.glob("*.progress.json"))
