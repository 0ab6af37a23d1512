"""Somebody before LangFlow's editor in a real browser, who drops a flow's file into it and asks in its playground.

`python playground.py CHROMIUM URL FLOW.json QUESTION PICTURE.png` prints the answer.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

SECONDS = 1000  # in milliseconds, as Playwright counts
PATIENCE = 180 * SECONDS
AS_A_FILE = """
text => {
  const held = new DataTransfer();
  held.items.add(new File([text], "invoice.json", {type: "application/json"}));
  return held;
}
"""


def main(chromium: str, url: str, flow: Path, question: str, picture: Path) -> str:
    """The text of the answer as it stands on the page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])  # tests may run as root
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        _drop(page, flow)
        try:
            return _asked(page, question)
        finally:
            page.screenshot(path=picture)
            browser.close()


def _drop(page: Page, flow: Path) -> None:
    held = page.evaluate_handle(AS_A_FILE, flow.read_text())
    page.get_by_test_id("empty_page_drag_and_drop_text").dispatch_event("drop", {"dataTransfer": held})
    page.get_by_test_id("list-card").first.click()


def _asked(page: Page, question: str) -> str:
    page.get_by_test_id("playground-btn-flow-io").click()
    page.get_by_test_id("input-chat-playground").last.fill(question)
    page.get_by_test_id("button-send").last.click()
    answer = page.get_by_test_id(re.compile("^chat-message-AI-.+")).last
    answer.wait_for()
    page.get_by_test_id("button-send").last.wait_for()  # it is a button to stop for as long as the flow runs
    told: str = answer.inner_text()
    return told


if __name__ == "__main__":
    program, address, file, words, shot = sys.argv[1:]
    sys.stdout.write(main(program, address, Path(file), words, Path(shot)))
