"""The commands that a page of the documentation gives to people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEADING = re.compile(r"^(#+ .*)$", re.MULTILINE)


def shell_blocks(page: Path) -> list[tuple[str, str]]:
    """Every block of shell commands, after the heading that it stands under."""
    return _blocks(page, "sh")


def yaml_blocks(page: Path) -> list[tuple[str, str]]:
    """Every block of YAML, after its heading."""
    return _blocks(page, "yaml")


def under(blocks: list[tuple[str, str]], heading: str) -> list[str]:
    """The blocks under one heading; there are some."""
    found = [block for title, block in blocks if title == heading]
    assert found, heading
    return found


def _blocks(page: Path, language: str) -> list[tuple[str, str]]:
    found, heading = [], ""
    for part in HEADING.split(_without_comments(page.read_text())):
        if HEADING.fullmatch(part):
            heading = part.lstrip("# ")
        else:
            found += [
                (heading, each) for each in re.findall(rf"^```{language}\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
            ]
    return found


def _without_comments(text: str) -> str:
    """A line of a block that is a comment would be taken for a heading."""
    blocks = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
    return blocks.sub(lambda block: re.sub(r"^#.*\n", "", block[0], flags=re.MULTILINE), text)
