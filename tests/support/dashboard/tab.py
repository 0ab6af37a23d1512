"""A page in Chromium, and what it complained of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.dashboard.running import POOL

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

EXPECTED = "Failed to load resource"
"""Chromium's line for each answer of 400 and more."""


class Tab:
    """One, whose violations of the policy, errors and dialogs are kept."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            self.complaints.append(message.text)

    def go(self, path: str) -> Page:
        """A page of the pool, or one that begins with a slash."""
        self.page.goto(self.url + (path if path.startswith("/") else f"{POOL}/{path}"))
        return self.page

    def assert_quiet(self) -> None:
        assert self.complaints == []

    @property
    def overflow(self) -> int:
        """By how many pixels it is wider than its window."""
        found: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return found

    @property
    def heading(self) -> str:
        return self.page.inner_text("h1")
