"""What tests share is layered as well: its folders know each other in one direction."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

SUPPORT = Path(__file__).parents[2] / "support"
IMPORT = re.compile(r"^\s*(?:from|import) support\.(\w+)", re.MULTILINE)


def known_to(folder: Path) -> set[str]:
    """The other folders that its modules name, for types alone too."""
    names = {name for file in folder.rglob("*.py") for name in IMPORT.findall(file.read_text())}
    return {each for each in names - {folder.name} if (SUPPORT / each).is_dir()}


def test_no_two_folders_of_support_need_each_other() -> None:
    known = {each.name: known_to(each) for each in SUPPORT.iterdir() if any(each.glob("*.py"))}
    assert len(known) > 10
    assert set(TopologicalSorter(known).static_order()) == set(known)
