from __future__ import annotations

import pytest

from support.strangers.known import KNOWN, stale, unknown
from support.strangers.suites import FAILED, PASSED, SUITES, Outcome

CALL = Outcome("chat_ollama.TestChatOllama::test_tool_calling[model0]", FAILED)
NEW = Outcome("chat_ollama.TestChatOllama::test_invoke[model0]", FAILED)


def test_what_fails_without_a_reason_is_told() -> None:
    assert unknown("langchain-ollama", [CALL, NEW]) == [NEW]


def test_a_reason_whose_tests_pass_is_stale_unless_they_depend_on_words() -> None:
    told = stale("langchain-ollama", [CALL, Outcome("x::test_agent_loop[model0]", PASSED)])
    assert "*::test_agent_loop*" in told
    assert "*::test_tool_calling*" not in told
    assert "*::test_json_mode" not in told


@pytest.mark.parametrize("suite", [each.name for each in SUITES])
def test_each_suite_has_reasons_in_words(suite: str) -> None:
    assert all(len(each.why) > 20 for each in KNOWN[suite])
