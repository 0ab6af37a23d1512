"""Suites that strangers wrote, run against a server, each in its own environment and by its own runner."""

from __future__ import annotations

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from support.processes import ended
from support.strangers.environments import LANGCHAIN, OLLAMA_SUITE, OPENAI, PYTHON, environment
from support.strangers.models import CHAT, EMBED, TOOLS
from support.strangers.renaming import renaming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HERE = Path(__file__).parent
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
FOREIGN = ("OPENAI_", "OLLAMA_", "LANGCHAIN_", "LANGSMITH_", "AWS_", "PYTEST_", "PYTHONPATH", "LANEWAY_", "CI")
WORDS = 160
SETTINGS = (
    "addopts=",
    "asyncio_mode=auto",
    "asyncio_default_fixture_loop_scope=session",
    "asyncio_default_test_loop_scope=session",  # both clients keep their connections from test to test
)


@dataclass(frozen=True)
class Outcome:
    """What became of one test of a suite."""

    name: str
    how: str
    """`passed`, `failed` or `skipped`."""
    why: str = ""
    """The suite's own first words on it."""


Outcomes = tuple[Outcome, ...]


@dataclass(frozen=True)
class Suite:
    """One that runs against a server by its URL."""

    name: str
    title: str
    run: Callable[[str, Path], Outcomes]
    """Given the server's URL and a folder for what it writes."""


def _variables(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | {"NO_PROXY": "*", "PYTHONDONTWRITEBYTECODE": "1"} | changes


def _pytest(python: Path, report: Path, arguments: Sequence[str], variables: Mapping[str, str]) -> Outcomes:
    options = [word for each in SETTINGS for word in ("-o", each)]
    quiet = ("-q", "-p", "no:cacheprovider", "--tb=line", f"--junit-xml={report}")
    command = [str(python), "-m", "pytest", *quiet, *options, *arguments]
    done = ended(command, variables, Path(variables["PWD"]))
    assert report.exists(), f"the suite did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return tuple(of_junit(report))


def of_junit(report: Path) -> Iterator[Outcome]:
    """What pytest's report tells."""
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest has written it
        name = f"{str(case.get('classname')).removeprefix(OPENAI_TESTS)}::{case.get('name')}"
        wrong = next((each for each in case if each.tag in ("failure", "error", "skipped")), None)
        if wrong is None:
            yield Outcome(name, PASSED)
        else:
            words = " ".join((wrong.get("message") or "").split())[:WORDS]
            yield Outcome(name, SKIPPED if wrong.tag == "skipped" else FAILED, words)


OPENAI_TESTS = "tests.api_resources."
OPENAI_FILES = (
    "test_models.py",
    "test_completions.py",
    "test_embeddings.py",
    "chat",
    "test_responses.py",
    "responses",
)


def _openai(url: str, folder: Path) -> Outcomes:
    made = environment(OPENAI)
    with renaming(url) as before:
        files = [f"tests/api_resources/{each}" for each in OPENAI_FILES]
        variables = _variables(TEST_API_BASE_URL=f"{before}/v1", PWD=str(made / "source"))
        return _pytest(made / PYTHON, folder / "openai.xml", files, variables)


def _langchain(name: str) -> Callable[[str, Path], Outcomes]:
    def run(url: str, folder: Path) -> Outcomes:
        names = {"STRANGERS_URL": url, "STRANGERS_TOOLS": TOOLS, "STRANGERS_CHAT": CHAT, "STRANGERS_EMBED": EMBED}
        where = HERE / "standard"
        own = ["-c", os.devnull, f"--rootdir={where}", f"--confcutdir={where}", name]  # our conftest is not its own
        variables = _variables(**names, PWD=str(where))
        return _pytest(environment(LANGCHAIN) / PYTHON, folder / f"{name}.xml", own, variables)

    return run


OLLAMA_GROUPS = ("TestAPI", "TestBasic", "TestChat", "TestEmbedding", "TestContext", "TestTools", "TestConcurrency")


def _ollama(url: str, folder: Path) -> Outcomes:
    """By the names of the models that it asks for itself."""
    made = environment(OLLAMA_SUITE)
    variables = _variables(OLLAMA_TEST_EXISTING="1", OLLAMA_HOST=url, HOME=str(folder))
    command = [str(made / "integration.test"), "-test.v", "-test.run", "|".join(f"^{each}$" for each in OLLAMA_GROUPS)]
    done = ended(command, variables, made)
    (folder / "ollama.txt").write_text(done.stdout + done.stderr)
    found = tuple(of_go(done.stdout))
    assert found, f"the suite did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return found


GO_LINE = re.compile(r"^\s*--- (PASS|FAIL|SKIP): (\S+) \(")
GO_TEST = re.compile(r"^=== (?:RUN|NAME|CONT)\s+(\S+)")
GO_WORDS = re.compile(r"^\s+\w+_test\.go:\d+: (.*)")
GO_NAMES = {"PASS": PASSED, "FAIL": FAILED, "SKIP": SKIPPED}


def of_go(text: str) -> Iterator[Outcome]:
    """What Go's test programs tell: the innermost tests, as a test with parts is what its parts are."""
    told, words, now = dict[str, str](), dict[str, str](), ""
    for line in text.splitlines():
        if found := GO_TEST.match(line):
            now = found[1]
        elif found := GO_LINE.match(line):
            told[found[2]] = GO_NAMES[found[1]]
        elif found := GO_WORDS.match(line):
            words[now] = found[1][:WORDS]
    for name, how in told.items():
        if not any(other.startswith(f"{name}/") for other in told):
            yield Outcome(name, how, "" if how == PASSED else words.get(name, ""))


STANDARD = "langchain-tests 1.1.9"
SUITES = (
    Suite("openai-python", "openai-python 3.57.0, `tests/api_resources`", _openai),
    Suite("langchain-openai", f"{STANDARD} for `ChatOpenAI`, `OpenAIEmbeddings`", _langchain("chat_openai.py")),
    Suite("langchain-ollama", f"{STANDARD} for `ChatOllama`, `OllamaEmbeddings`", _langchain("chat_ollama.py")),
    Suite("ollama", "Ollama 0.32.15, `integration`", _ollama),
)


def main() -> None:
    """Run one against a URL, and print what became of each test, for whoever writes `support.strangers.known`."""
    name, url = sys.argv[1:]
    with TemporaryDirectory() as folder:
        suite = next(each for each in SUITES if each.name == name)
        for outcome in suite.run(url, Path(folder)):
            sys.stdout.write(json.dumps([outcome.how, outcome.name, outcome.why]) + "\n")


if __name__ == "__main__":
    main()
