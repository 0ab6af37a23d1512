"""Chromium before dashboards whose worlds are made up."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from laneway_dashboard.ports.visitors import Role
from laneway_dashboard.testing.worlds import WORLDS
from support.dashboard import browser as programs
from support.dashboard.running import running
from support.dashboard.tab import Tab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from support.dashboard.running import Running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = programs.chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])  # tests may run as root
        yield found
        found.close()


@pytest.fixture(scope="session")
def axe() -> str:
    return programs.axe()


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    """A dashboard of a world."""
    with ExitStack() as stack:
        yield lambda world="busy", role=Role.OPERATOR: stack.enter_context(running(WORLDS[world], role))


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """A browser of its own that has opened the link; whatever it complains of fails the test."""
    with ExitStack() as stack:

        def opened(shown: Running, theme: str = "light", width: int = 1280, **options: object) -> Tab:
            context = browser.new_context(
                color_scheme=theme,  # type: ignore[arg-type] # because it is one of them
                viewport={"width": width, "height": 800},
                **options,  # type: ignore[arg-type] # because Playwright names them
            )
            stack.callback(context.close)
            tab = Tab(context.new_page(), shown.url)
            tab.page.goto(shown.link)
            stack.callback(tab.assert_quiet)
            return tab

        yield opened
