"""What people, and pages of others, have a dashboard do."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from laneway_dashboard.ports.visitors import Role
from laneway_dashboard.shell.words import visible
from laneway_dashboard.testing.worlds import HOSTILE_TEXT, LONG_ID
from support.dashboard.running import POOL
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.dashboard.running import Running
    from support.dashboard.tab import Tab


def test_failed_jobs_of_a_cause_are_retried(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve("trouble")
    page = open_tab(shown).go("failed")
    page.get_by_role("button", name="Retry 14", exact=True).click()
    page.get_by_role("button", name="Retry 14 jobs").click()
    page.wait_for_selector("text=ended", timeout=30_000)
    assert len(shown.world.failed.acted) == 14
    page.goto(f"{shown.url}{POOL}/failed")
    assert "poison" not in page.inner_text("section >> nth=0")


def test_an_action_is_stopped_and_taken_up(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve("trouble")
    shown.world.failed.gate = threading.Event()
    page = open_tab(shown).go("failed")
    page.get_by_role("button", name="Drop 30", exact=True).click()
    page.get_by_role("button", name="Drop 30 jobs").click()
    page.get_by_role("button", name="Stop it").click()
    shown.world.failed.gate.set()
    page.wait_for_selector("text=aborted", timeout=30_000)
    assert len(shown.world.failed.acted) < 30
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector("text=ended", timeout=30_000)
    assert len(shown.world.failed.acted) == 30


def test_two_tabs_that_retry_the_same_jobs(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve("trouble")
    first = open_tab(shown).page
    second = first.context.new_page()
    for page in (first, second):
        page.goto(f"{shown.url}{POOL}/failed?code=poison")
        page.get_by_role("button", name="Retry all 14").click()
    for page in (first, second):
        page.get_by_role("button", name="Retry 14 jobs").click()
    for page in (first, second):
        page.wait_for_selector("text=ended", timeout=30_000)
    assert len(shown.world.failed.acted) == 14
    refused = [page.locator("dt:text('Refused') + dd").inner_text() for page in (first, second)]
    assert sum(map(int, refused)) == 14


def test_one_job_is_retried_from_its_page(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve("trouble")
    page = open_tab(shown).go("jobs/claim-2026-0003")
    page.get_by_role("button", name="Retry").click()
    page.wait_for_selector("text=ended", timeout=30_000)
    assert shown.world.failed.acted == [("retry", "claim-2026-0003")]


def test_a_lane_is_paused(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    page = open_tab(serve()).go("lanes/fast")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Pause").wait_for()


@pytest.mark.parametrize("path", [f"{POOL}/lanes/fast/pause", f"{POOL}/actions"])
def test_a_viewer_acts_on_nothing(serve: Callable[..., Running], open_tab: Callable[..., Tab], path: str) -> None:
    shown = serve("trouble", Role.VIEWER)
    page = open_tab(shown).go("failed")
    assert page.locator("form[method=post]").count() == 0
    told = page.evaluate("path => fetch(path, {method: 'POST', body: 'verb=drop'}).then(answer => answer.status)", path)
    assert told == 403
    assert shown.world.failed.acted == []


@pytest.fixture
def other_site() -> Iterator[Callable[[str], str]]:
    """A page of another origin on this machine, which sends a form by itself."""

    class Page(BaseHTTPRequestHandler):
        target = ""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            form = f"<form method=post action='{self.target}'><input name=verb value=drop></form>"
            self.wfile.write(f"{form}<script>document.forms[0].submit()</script>".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def to(target: str) -> str:
        Page.target = target
        return f"http://127.0.0.1:{server.server_port}/"

    yield to
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", [f"{POOL}/lanes/fast/pause", f"{POOL}/actions"])
def test_a_page_of_another_site_has_nothing_done(
    serve: Callable[..., Running], open_tab: Callable[..., Tab], other_site: Callable[[str], str], path: str
) -> None:
    """The other port is of the same site: its request has the cookie, and is refused all the same."""
    shown = serve("trouble")
    page = open_tab(shown).page
    page.goto(other_site(shown.url + path))
    page.wait_for_url(shown.url + path)
    assert page.inner_text("h1") == "Refused"
    assert shown.world.watched.seen.lanes[0].paused is False
    assert shown.made.application.desk.bulk.of("nlp/documents") == []


def test_what_attackers_write_is_text(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve("hostile")
    tab = open_tab(shown, width=390)
    for path in ("/", "lanes/fast", "failed", "jobs", f"jobs/{LONG_ID}", f"jobs/{LONG_ID}/texts"):
        page = tab.go(path)
        assert page.locator("main img, main script, main b, main svg[onload]").count() == 0
        assert "<script>alert(1)</script>" in page.inner_text("main") or path == "jobs"
    assert page.inner_text("pre >> nth=0") == visible(HOSTILE_TEXT)
    page = tab.go("failed")
    page.get_by_role("link", name="engine_error").first.click()
    page.get_by_role("button", name="Retry all 1").click()
    page.get_by_role("button", name="Retry 1 job").click()
    eventually(lambda: shown.world.failed.acted == [("retry", LONG_ID)])


@pytest.mark.parametrize("path", ["failed", "jobs", "jobs/invoice-89991"])
def test_a_source_that_fails_is_named(serve: Callable[..., Running], open_tab: Callable[..., Tab], path: str) -> None:
    shown = serve()
    shown.world.failed.trouble = shown.world.jobs.trouble = shown.world.job.trouble = "S3: you may not `s3:GetObject`"
    page = open_tab(shown).go(path)
    assert "Can't be read: S3: you may not s3:GetObject" in page.inner_text("main")
