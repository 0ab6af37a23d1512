"""The screenshots of docs/howto/dashboard.md: `make record-dashboard`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

from laneway_dashboard.testing.worlds import WORLDS
from support.dashboard.browser import chromium
from support.dashboard.running import POOL, running

FOLDER = Path(__file__).parents[3] / "docs/howto/dashboard"
WIDTH, HEIGHT = 1280, 720
SHOTS = (
    ("pools", "trouble", "/", "light"),
    ("lane", "busy", f"{POOL}/lanes/fast", "light"),
    ("failed", "trouble", f"{POOL}/failed", "light"),
    ("job", "trouble", f"{POOL}/jobs/claim-2026-0003", "dark"),
)
"""Name, world, path, theme."""


def main() -> None:
    """Take all of them."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name, world, path, theme in SHOTS:
            with running(WORLDS[world]) as shown:
                page = browser.new_page(
                    viewport={"width": WIDTH, "height": HEIGHT},
                    color_scheme=theme,  # type: ignore[arg-type] # because it is one of them
                )
                page.goto(shown.link)
                page.goto(shown.url + path)
                page.screenshot(path=FOLDER / f"{name}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
