"""What the pages promise is held by tests that exist."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from laneway_operator.reasons import Reason

ROOT = Path(__file__).parents[3]
DELIVERY = ROOT / "docs/explanation/delivery.md"
OPERATOR = ROOT / "docs/explanation/operator.md"
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def pages_in(folder: Path) -> list[Path]:
    """Of the folder alone where it is the repository's own."""
    return list(folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))


def references() -> list[tuple[str, str]]:
    return sorted(set(REFERENCE.findall(DELIVERY.read_text() + OPERATOR.read_text())))


@pytest.mark.parametrize(("file", "test"), references())
def test_a_test_that_a_page_names_is_there(file: str, test: str) -> None:
    text = (ROOT / file).read_text()
    assert not test or f"\ndef {test}(" in text


def test_every_promise_of_the_delivery_page_names_a_test() -> None:
    _, _, table = DELIVERY.read_text().partition("## Every promise and its test")
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 10
    assert [row for row in rows if not REFERENCE.search(row)] == []


def test_everything_that_the_operator_survives_names_a_test() -> None:
    _, _, table = OPERATOR.read_text().partition("## What it survives")
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| what happens")]
    assert len(rows) > 10
    assert [row for row in rows if not REFERENCE.search(row)] == []


TROUBLESHOOT = ROOT / "docs/howto/troubleshoot.md"
ENTRY = re.compile(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def entries() -> dict[str, str]:
    return dict(ENTRY.findall(TROUBLESHOOT.read_text()))


def source_of(file: str, test: str) -> str:
    """A test with its table of cases: what it is decorated with, and the constants of its file that those name."""
    text = (ROOT / file).read_text()
    tree = ast.parse(text)
    wanted = next(each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == test)
    parts = [*wanted.decorator_list, wanted]
    names = {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
    tables = [each for each in tree.body if isinstance(each, ast.Assign | ast.AnnAssign) and names & assigned(each)]
    return "\n".join(ast.get_source_segment(text, each) or "" for each in (*tables, *parts))


def assigned(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {each.id for each in targets if isinstance(each, ast.Name)}


def test_every_reason_has_its_entry_and_no_other_has() -> None:
    assert sorted(entries()) == sorted(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_the_test_that_an_entry_names_reaches_its_reason(reason: Reason) -> None:
    ((file, test),) = REFERENCE.findall(entries()[reason])
    assert test
    found = source_of(file, test)
    assert re.search(rf'\bReason\.{reason.name}\b|"{reason}"|\b(?:FaultCode|PreflightCode)\.{reason.name}\b', found)


CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
WRITTEN = sorted(each for place in ("docs", "charts", "examples", ".") for each in pages_in(ROOT / place))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.strip().lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", WRITTEN, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(CODE.sub("", page.read_text())):
        file, _, anchor = link.partition("#")
        there = (page.parent / file).resolve() if file else page
        if "://" not in link and not (there.exists() and (not anchor or anchor in anchors(there))):
            dead.append(link)
    assert dead == []


PATH = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.py|(?:charts|crds|docs|examples|tests|tools)/[\w./-]+\.\w+)`")
"""A module, by as much of its path as tells; or another file of the repository."""
THEN = "docs/design/0016-folders-are-floors.md"
"""The page that leads from paths of before to those of now."""
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def named_paths(file: str) -> set[str]:
    text = (ROOT / file).read_text()
    return set(PATH.findall(text.partition("## From the paths of")[0] if file == THEN else text))


@pytest.mark.parametrize("file", [each for each in TRACKED if each.endswith((".md", ".py")) and each != "CHANGELOG.md"])
def test_a_path_that_is_named_is_there(file: str) -> None:
    known = {f"/{each}" for each in TRACKED}
    assert {each for each in named_paths(file) if not any(there.endswith(f"/{each}") for there in known)} == set()


def test_the_page_of_moves_leads_to_what_is_there() -> None:
    table = (ROOT / THEN).read_text().partition("## From the paths of")[2]
    rows = [row.split(" | ") for row in table.splitlines() if row.startswith("| `")]
    now = {each for row in rows for each in re.findall(r"`([\w./-]+\.py)`", row[1])}
    assert len(now) > 180
    assert {each for each in now if not any(there.endswith(f"/{each}") for there in TRACKED)} == set()


def test_every_page_can_be_reached_from_the_index() -> None:
    index, docs = ROOT / "docs/README.md", ROOT / "docs"
    todo, seen = [index], {index}
    while todo:
        page = todo.pop()
        links = (link.partition("#")[0] for link in LINK.findall(CODE.sub("", page.read_text())))
        there = {(page.parent / link).resolve() for link in links if link.endswith(".md") and "://" not in link}
        new = {each for each in there if each.is_relative_to(docs)} - seen
        seen |= new
        todo += new if page == index else []
    assert set(docs.rglob("*.md")) == seen
