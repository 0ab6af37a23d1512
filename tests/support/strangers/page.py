"""`make record-strangers`: runs every suite against a gateway and against a plain Ollama, and writes what became of it.

The page is docs/reference/compatibility.md.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from support.strangers.known import KNOWN
from support.strangers.models import engine
from support.strangers.suites import FAILED, PASSED, SKIPPED, SUITES, Outcome
from support.strangers.target import target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from support.strangers.suites import Outcomes, Suite

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "compatibility.md"
RUNS = ROOT / ".laneway" / "strangers"
COLUMNS = (PASSED, FAILED, SKIPPED)
GATEWAY, OLLAMA = SIDES = ("gateway", "ollama")
INTRODUCTION = """\
# What strangers' clients and suites make of a gateway

Clients and test suites that others wrote, unmodified, ask a gateway before a pool of `laneway up` and, beside it, the
Ollama 0.11.4 that the pool runs. `make test-strangers` runs them; whatever fails and does not stand here fails the run,
and so does what stands here and no longer fails. This page is written by `make record-strangers`.

The model is SmolLM2 with 135M parameters, by the names that the suites ask for: what fails for want of a larger one
fails on Ollama, too. openai-python's tests were made for a mock server; a small proxy puts names of models and ids that
exist in the place of theirs, and a model and an input where they ask for nothing.

Beside the suites, [openai](../../tests/strangers/test_openai_python.py) and
[ollama for Python](../../tests/strangers/test_ollama_python.py), [both for node](../../tests/strangers/test_node.py),
and [LangFlow](../howto/langflow.md) do what their users do: list, chat, stream, call tools, ask for forms and vectors,
get errors, hang up, and join a slow job by their own retries.
"""


def page(runs: Mapping[tuple[str, str], Outcomes]) -> str:
    """The page, of what became of each suite at each side."""
    return (
        "\n".join([INTRODUCTION, *_counts(runs), *(line for suite in SUITES for line in _reasons(suite, runs))]) + "\n"
    )


def _counts(runs: Mapping[tuple[str, str], Outcomes]) -> Iterator[str]:
    yield "| suite | gateway: passed | failed | skipped by itself | Ollama: passed | failed |"
    yield "|---|---|---|---|---|---|"
    for suite in SUITES:
        here, there = (runs[suite.name, side] for side in SIDES)
        counts = [_count(here, how) for how in (PASSED, FAILED, SKIPPED)] + [
            _count(there, how) for how in (PASSED, FAILED)
        ]
        yield f"| {suite.title} | {' | '.join(map(str, counts))} |"


def _count(outcomes: Sequence[Outcome], how: str) -> int:
    return sum(each.how == how for each in outcomes)


def _reasons(suite: Suite, runs: Mapping[tuple[str, str], Outcomes]) -> Iterator[str]:
    """Each test is counted where it is known first."""
    yield f"\n## {suite.title}\n\n| fails | gateway | Ollama | why |\n|---|---|---|---|"
    for place, known in enumerate(KNOWN[suite.name]):
        before = KNOWN[suite.name][:place]
        here, there = (
            sum(
                each.how == FAILED and known.has(each) and not any(other.has(each) for other in before)
                for each in runs[suite.name, side]
            )
            for side in SIDES
        )
        sometimes = " (depends on the model's words)" if known.sometimes else ""
        yield f"| `{known.tests}` | {here} | {there} | {known.why}{sometimes} |"


def _saved(suite: str, side: str) -> Path:
    return RUNS / f"{side}-{suite}.json"


def _run(side: str, url: str, folder: Path) -> None:
    for suite in SUITES:
        sys.stderr.write(f"{suite.name} against {side}\n")
        found = [asdict(each) for each in suite.run(url, folder)]
        _saved(suite.name, side).write_text(json.dumps(found, indent=1))


def main() -> None:
    """Run everything, unless told to write the page of the last run alone."""
    if sys.argv[1:] != ["--last"]:
        RUNS.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as folder, target(Path(folder)) as made:
            _run(GATEWAY, made.url, Path(folder))
        with TemporaryDirectory() as folder, engine(Path(folder)) as plain:
            _run(OLLAMA, plain.url, Path(folder))
    runs = {
        (suite.name, side): tuple(Outcome(**each) for each in json.loads(_saved(suite.name, side).read_text()))
        for suite in SUITES
        for side in SIDES
    }
    PAGE.write_text(page(runs))


if __name__ == "__main__":
    main()
