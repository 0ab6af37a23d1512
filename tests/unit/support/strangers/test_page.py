from __future__ import annotations

from support.strangers.page import SIDES, page
from support.strangers.suites import FAILED, PASSED, SKIPPED, SUITES, Outcome

FOUND = (
    Outcome("TestAPI/api-generate/llama3.2:1b/stream", FAILED, "final response missing context"),
    Outcome("TestAPI/api-chat/llama3.2:1b/stream", PASSED),
    Outcome("TestTools/tools/qwen3.5:2b", SKIPPED),
)


def test_each_suite_is_counted_and_each_reason_told_with_how_often() -> None:
    runs = {(suite.name, side): FOUND if suite.name == "ollama" else () for suite in SUITES for side in SIDES}
    made = page(runs)
    assert "| Ollama 0.32.15, `integration` | 1 | 1 | 1 | 1 | 1 |" in made
    assert "| `TestAPI/api-generate/*` | 1 | 1 | `context`, which Ollama calls deprecated" in made
    assert "| openai-python 3.57.0, `tests/api_resources` | 0 | 0 | 0 | 0 | 0 |" in made
