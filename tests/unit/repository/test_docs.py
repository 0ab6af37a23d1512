"""What pages promise is held by tests that exist; what pages and source name is there; every link leads somewhere."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from laneway_operator.reasons import Reason
from support.images.contents.distributions import build_arguments

ROOT = Path(__file__).parents[3]
DELIVERY = ROOT / "docs/explanation/delivery.md"
OPERATOR = ROOT / "docs/explanation/operator.md"
SECURITY = ROOT / "docs/explanation/security.md"
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def pages_in(folder: Path) -> list[Path]:
    """Of the folder alone where it is the repository's own."""
    return list(folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))


def has_test(file: Path, test: str) -> bool:
    return re.search(rf"^(async )?def {test}\(", file.read_text(), re.MULTILINE) is not None


def references() -> list[tuple[str, str]]:
    return sorted(set(REFERENCE.findall(DELIVERY.read_text() + OPERATOR.read_text() + SECURITY.read_text())))


@pytest.mark.parametrize(("file", "test"), references())
def test_a_test_that_a_page_names_is_there(file: str, test: str) -> None:
    assert not test or has_test(ROOT / file, test)


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


def test_everything_that_is_said_to_hold_an_attack_off_names_a_test() -> None:
    _, _, tables = SECURITY.read_text().partition("## A message can't hurt anybody else")
    rows = [line for line in tables.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert len(rows) > 20
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


BUILD = re.compile(r"docker build .*--target ([a-z]+)")
ARGUMENT = re.compile(r"--build-arg (PART|BESIDE|EXTRA)=([a-z]+)")
THEN = "docs/design/0016-folders-are-floors.md"
"""The page that leads from paths of before to those of now."""
LISTED = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
TRACKED = [
    each
    for each in subprocess.run(LISTED, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    if (ROOT / each).exists()
]
"""The repository's files, as they will be after the next commit."""
TOP = "|".join(sorted({re.escape(each.partition("/")[0]) for each in TRACKED if "/" in each}))
PATH = re.compile(rf"`((?:[\w.-]+/)*[\w.-]+\.py)(?:::(\w+))?`|`((?:{TOP})/(?:[\w./-]+\.\w+|(?:[\w.-]+/)*))`")
"""A module, by as much of its path as tells, and perhaps a test of it; or another file or folder, by all of it."""
BARE = re.compile(rf"(?<![\w./$)-])((?:{TOP})/[\w./-]+\.(?:md|py|toml|txt|ya?ml))\b")
"""As commands and comments of a Makefile, of TOML and of YAML name a file."""
PROSE, SETTINGS = (".md", ".py"), ("Makefile", ".toml", ".yaml", ".yml")
ENDINGS = {each.split("/", skip)[-1]: each for each in TRACKED for skip in range(each.count("/") + 1)}
FOLDERS = {f"{parent}/" for each in TRACKED for parent in Path(each).parents}


def said(file: str) -> str:
    text = (ROOT / file).read_text()
    return text.partition("## From the paths of")[0] if file == THEN else text


def is_there(path: str, test: str = "") -> bool:
    if path.endswith("/"):
        return path in FOLDERS
    return path in ENDINGS and (not test or has_test(ROOT / ENDINGS[path], test))


@pytest.mark.parametrize("file", [each for each in TRACKED if each.endswith(PROSE) and each != "CHANGELOG.md"])
def test_a_path_that_is_named_is_there(file: str) -> None:
    named = {(module or other, test) for module, test, other in PATH.findall(said(file))}
    assert {each for each in named if not is_there(*each)} == set()


@pytest.mark.parametrize("file", [each for each in TRACKED if each.endswith(SETTINGS)])
def test_a_path_that_settings_name_is_there(file: str) -> None:
    assert {each for each in BARE.findall(said(file)) if not is_there(each)} == set()


def test_a_command_that_builds_an_image_names_one_part() -> None:
    builds = [build for page in WRITTEN for build in BUILD.finditer(page.read_text())]
    assert len(builds) > 3
    assert [each[0] for each in builds if dict(ARGUMENT.findall(each[0])) != build_arguments(each[1])] == []


def test_the_page_of_moves_leads_to_what_is_there() -> None:
    table = (ROOT / THEN).read_text().partition("## From the paths of")[2]
    rows = [row.split(" | ") for row in table.splitlines() if row.startswith("| `")]
    now = {each for row in rows for each in re.findall(r"`([\w./-]+\.\w+)`", row[1])}
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
