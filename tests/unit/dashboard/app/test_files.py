"""What the pages are made of."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from laneway_dashboard.shell.rendering import templates

PACKAGE = Path(str(files("laneway_dashboard")))
TEMPLATES = sorted((PACKAGE / "templates").glob("*.html"))
MOST_CSS_BYTES = 10_000
MOST_SCRIPT_BYTES = 4_000


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_a_template_keeps_to_the_policy(template: Path) -> None:
    text = template.read_text()
    templates().get_template(template.name)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|hx-on|javascript:|\|\s*safe|autoescape", text)
    assert not re.search(r'hx-trigger="[^"]*\[', text), "htmx would evaluate it"
    assert not re.search(r'(?:src|href)="https?:', text)


def test_the_stylesheet_is_small() -> None:
    assert len((PACKAGE / "static/dashboard.css").read_bytes()) <= MOST_CSS_BYTES
    assert "url(" not in (PACKAGE / "static/dashboard.css").read_text()
    assert len((PACKAGE / "static/dashboard.js").read_bytes()) <= MOST_SCRIPT_BYTES


def test_htmx_was_brought_by_the_build_with_its_licence() -> None:
    assert 'version="4.0.1"' in (PACKAGE / "static/vendor/htmx.min.js").read_text().replace(" ", "").replace("'", '"')
    assert "Zero-Clause BSD" in (PACKAGE / "static/vendor/htmx.LICENSE.txt").read_text()
