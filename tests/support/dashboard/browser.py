"""Chromium and axe: `python -m support.dashboard.browser` gets what is missing."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from support.toolchain import apt
from support.tools import missing

if TYPE_CHECKING:
    from types import ModuleType

    from playwright.sync_api import Page

PINS = Path(__file__).with_name("axe.toml")
VENDORING = Path(__file__).parents[3] / "dashboard/vendoring.py"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NAMES = ("chromium", "google-chrome")


def vendoring() -> ModuleType:
    """The hook of the dashboard's build, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("vendoring", VENDORING)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chromium() -> str:
    """The program."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or missing("Chromium", "as root on Debian: make cache-browser; else install chromium")


def axe() -> str:
    """Its source."""
    folder = Cache(os.environ).root / "axe"
    vendoring().vendor(PINS, folder)
    return (folder / "axe.min.js").read_text()


def barriers(page: Page, source: str) -> list[str]:
    """What axe finds on the page that is shown, in words."""
    page.evaluate(source)
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    return [f"{each['id']}: {json.dumps([node['html'] for node in each['nodes']][:3])}" for each in found["violations"]]


def _install() -> None:
    if any(shutil.which(name) for name in NAMES):
        return
    if not apt.may_install():
        sys.exit("Chromium is missing, and this user can't install it: apt install chromium")
    try:
        apt.install(["chromium", "fonts-dejavu-core"])
    except LocalError as error:
        sys.exit(f"Chromium is missing: {error}")


if __name__ == "__main__":
    _install()
    axe()
