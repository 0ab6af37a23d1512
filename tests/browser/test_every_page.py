"""Every page as people see it, with a keyboard, a reader and a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway_dashboard.testing.worlds import WORLDS
from support.dashboard.browser import barriers
from support.dashboard.places import places
from support.dashboard.running import POOL

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.dashboard.running import Running
    from support.dashboard.tab import Tab

WIDTHS = (1280, 390)
REFLOW = 320  # WCAG 2.2, 1.4.10: a window of 1280 pixels at 400 %


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("world", WORLDS)
def test_nobody_is_kept_out_of_any_page(
    serve: Callable[..., Running], open_tab: Callable[..., Tab], axe: str, world: str, width: int, theme: str
) -> None:
    tab = open_tab(serve(world), theme, width)
    for name, path in places(world).items():
        page = tab.go(path)
        assert barriers(page, axe) == [], name
        assert tab.overflow <= 0, name
        assert tab.complaints == [], name


@pytest.mark.parametrize("world", WORLDS)
def test_at_four_times_the_size_nothing_is_scrolled_sideways(
    serve: Callable[..., Running], open_tab: Callable[..., Tab], world: str
) -> None:
    tab = open_tab(serve(world), width=REFLOW)
    for name, path in places(world).items():
        tab.go(path)
        assert tab.overflow <= 0, name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out_of_an_action(
    serve: Callable[..., Running], open_tab: Callable[..., Tab], axe: str, theme: str
) -> None:
    tab = open_tab(serve("trouble"), theme, 390)
    page = tab.go("failed")
    page.get_by_role("button", name="Drop all 164").click()
    assert barriers(page, axe) == []
    page.fill("[name=typed]", "1")
    page.get_by_role("button", name="Drop 164 jobs").click()
    assert "type 164 to confirm" in page.inner_text("[role=alert]")
    assert barriers(page, axe) == []
    page.fill("[name=typed]", "164")
    page.get_by_role("button", name="Drop 164 jobs").click()
    page.wait_for_selector("progress")
    assert barriers(page, axe) == []


def test_nobody_is_kept_out_of_the_keys(serve: Callable[..., Running], open_tab: Callable[..., Tab], axe: str) -> None:
    tab = open_tab(serve())
    tab.page.keyboard.press("?")
    assert tab.page.is_visible("#help")
    assert barriers(tab.page, axe) == []
    tab.page.keyboard.press("Escape")
    assert not tab.page.is_visible("#help")


def test_who_is_not_let_in_is_told_so(serve: Callable[..., Running], open_tab: Callable[..., Tab], axe: str) -> None:
    shown = serve()
    tab = open_tab(shown)
    used = shown.made.tokens[0]
    tab.page.context.clear_cookies()
    tab.go("/")
    assert tab.heading == "Not signed in"
    assert barriers(tab.page, axe) == []
    tab.go(f"/enter?token={used}")
    assert tab.heading == "This link is used up"


def test_every_page_is_read_and_every_form_works_without_scripts(
    serve: Callable[..., Running], open_tab: Callable[..., Tab]
) -> None:
    shown = serve("trouble")
    tab = open_tab(shown, java_script_enabled=False)
    assert "as of" in tab.page.inner_text("main")
    for path in places("trouble").values():
        tab.go(path)
    page = tab.go("failed")
    page.get_by_label("Code").select_option("poison")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("button", name="Retry all 14").click()
    page.get_by_role("button", name="Retry 14 jobs").click()
    assert tab.heading == "Retry 14 jobs"
    page.fill("#find", "claim-2026-0003")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shown.url}{POOL}/jobs/claim-2026-0003")
