"""What a tab does by itself while somebody looks at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway_dashboard.testing import made
from support.dashboard.running import POOL

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from support.dashboard.running import Running
    from support.dashboard.tab import Tab

LOOK = 5_000  # ms
SIGN_IN = "<!doctype html><html><body><main id=main>Sign in to ACME</main></body></html>"


def queued(shown: Running, count: int) -> None:
    """The next look finds so many in the first lane."""
    first, *others = shown.world.watched.seen.lanes
    shown.world.watched.seen = replace(shown.world.watched.seen, lanes=(replace(first, queued=count), *others))
    shown.made.application.desk.seen.forget()


def ticking(tab: Tab, path: str) -> Page:
    """A page whose time passes when the test says so."""
    tab.page.clock.install()
    page = tab.go(path)
    page.wait_for_function("typeof htmx === 'object'")
    return page


def test_figures_change_by_themselves(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    tab = open_tab(shown)
    page = ticking(tab, "/")
    queued(shown, 777)
    page.clock.run_for(LOOK)
    page.wait_for_selector("text=777")
    assert "updates every 5 s" in page.inner_text(".asof")


def test_who_looks_again_need_not_wait(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "/")
    queued(shown, 778)
    page.get_by_role("button", name="Look again").click()
    page.wait_for_selector("text=778")
    queued(shown, 779)
    page.keyboard.press("r")
    page.wait_for_selector("text=779")


def test_what_is_selected_stays(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "/")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h2'))")
    queued(shown, 777)
    page.clock.run_for(3 * LOOK)
    assert "paused while something is selected" in page.inner_text(".asof")
    assert "777" not in page.inner_text("main")
    page.evaluate("getSelection().removeAllRanges()")
    page.clock.run_for(LOOK)
    page.wait_for_selector("text=777")


def test_what_was_unfolded_stays(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "lanes/fast")
    page.get_by_text("Waits as figures").click()
    for count in (777, 778):
        queued(shown, count)
        page.clock.run_for(LOOK)
        page.wait_for_selector(f"text={count}")
        assert page.locator("details").get_attribute("open") is not None


def test_what_moves_acts_on_its_own_jobs(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve("trouble")
    page = ticking(open_tab(shown), "failed")
    many = [made.failed(datetime.now(UTC), 400 + each, ErrorCode.POISON, "killed its worker") for each in range(200)]
    shown.world.failed.jobs[:0] = many
    with page.expect_response(lambda answer: "/failed" in answer.url):
        page.clock.run_for(LOOK)
    first = page.locator("td.do form").first
    first.get_by_text("Retry 200").wait_for()
    assert first.locator("[name=code]").input_value() == "poison"


def test_an_answer_that_hangs_is_told_of(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "/")
    held: list[Route] = []
    page.route(f"{shown.url}/", lambda route: held.append(route))  # noqa: PLW0108 - Playwright asks how many it takes
    with page.expect_request(f"{shown.url}/"):
        page.clock.run_for(LOOK)
    page.clock.run_for(3 * LOOK)
    page.wait_for_selector("text=waits for an answer")
    assert len(held) == 1
    queued(shown, 777)
    held[0].continue_()
    page.wait_for_selector("text=777")
    assert "updates every 5 s" in page.inner_text(".asof")


def test_who_goes_back_sees_the_filter_of_the_list(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = open_tab(shown).go("jobs")
    page.get_by_label("Status").select_option("failed")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**status=failed**")
    page.go_back()
    page.wait_for_url("**/jobs")
    assert page.get_by_label("Status").input_value() == ""


def test_a_half_typed_filter_stays(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "jobs")
    page.get_by_label("Label").type("team=cl")
    page.clock.run_for(3 * LOOK)
    assert "paused while you fill in a form" in page.inner_text(".asof")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    with page.expect_response(lambda answer: "/jobs" in answer.url):
        page.keyboard.press("r")
    assert page.get_by_label("Label").input_value() == "team=cl"


def test_a_hidden_tab_asks_nothing(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.run_for(10 * LOOK)
    assert asked == []
    page.evaluate("delete document.hidden")
    with page.expect_request(f"{shown.url}/"):
        page.clock.run_for(LOOK)


def test_many_tabs_cost_one_look(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    tabs = [open_tab(shown).page for _ in range(2)]
    tabs += [tab.context.new_page() for tab in tabs for _ in range(4)]
    before = shown.world.watched.looks
    for tab in tabs:
        tab.goto(shown.url)
    assert shown.world.watched.looks - before <= 2


def test_a_session_that_ends_says_so(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    page = ticking(open_tab(serve()), "/")
    page.context.clear_cookies()
    page.keyboard.press("r")
    page.wait_for_selector("text=Not signed in")


def test_keys_lead_everywhere(serve: Callable[..., Running], open_tab: Callable[..., Tab]) -> None:
    shown = serve()
    page = open_tab(shown).page
    for key, path in (("f", "failed"), ("j", "jobs"), ("s", "schedules"), ("a", "actions")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"{shown.url}{POOL}/{path}")
    page.keyboard.press("/")
    page.keyboard.type("invoice-89991")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shown.url}{POOL}/jobs/invoice-89991")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url(f"{shown.url}/")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 200, "content_type": "text/html", "body": SIGN_IN}, "signed out? Reload the page"),
        ({"status": 403, "content_type": "text/html", "body": SIGN_IN}, "signed out? Reload the page"),
        ({"status": 200, "content_type": "text/html", "body": ""}, "signed out? Reload the page"),
        ({"status": 502, "content_type": "text/plain", "body": "no upstream"}, "not answered (502), tries again"),
    ],
)
def test_what_a_proxy_answers_in_its_place_does_not_wipe_the_page(
    serve: Callable[..., Running], open_tab: Callable[..., Tab], answer: dict[str, Any], told: str
) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "/")
    page.route(f"{shown.url}/", lambda route: route.fulfill(**answer))
    for _ in range(2):
        with page.expect_response(f"{shown.url}/"):
            page.clock.run_for(LOOK)
        page.wait_for_selector(f"text={told}")
        assert "nlp/documents" in page.inner_text("main")
    page.unroute(f"{shown.url}/")
    queued(shown, 777)
    page.clock.run_for(LOOK)
    page.wait_for_selector("text=777")
    assert "updates every 5 s" in page.inner_text(".asof")


def test_a_dashboard_that_fails_for_a_moment_is_asked_again(
    serve: Callable[..., Running], open_tab: Callable[..., Tab]
) -> None:
    shown = serve()
    page = ticking(open_tab(shown), "failed")
    seen = shown.made.application.desk.seen
    look, seen.look = seen.look, None  # type: ignore[method-assign,assignment] # because a defect is played
    with page.expect_response(lambda answer: answer.status == HTTPStatus.INTERNAL_SERVER_ERROR):
        page.clock.run_for(LOOK)
    page.wait_for_selector("text=not answered (500), tries again")
    assert "timed_out" in page.inner_text("main")
    seen.look = look  # type: ignore[method-assign] # because it is as it was
    with page.expect_response(lambda answer: answer.status == HTTPStatus.OK):
        page.clock.run_for(LOOK)
    page.wait_for_selector("text=updates every 5 s")


def test_keys_are_known_by_their_place_on_other_layouts(
    serve: Callable[..., Running], open_tab: Callable[..., Tab]
) -> None:
    shown = serve()
    page = open_tab(shown).go("failed")
    for key, code in (("\N{CYRILLIC SMALL LETTER PE}", "KeyG"), ("\N{CYRILLIC SMALL LETTER O}", "KeyJ")):
        page.evaluate("told => document.body.dispatchEvent(new KeyboardEvent('keydown', told))", {
            "key": key, "code": code, "bubbles": True,
        })  # fmt: skip
    page.wait_for_url(f"{shown.url}{POOL}/jobs", timeout=5_000)
