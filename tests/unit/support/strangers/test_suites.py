from __future__ import annotations

from typing import TYPE_CHECKING

from support.strangers.suites import FAILED, PASSED, SKIPPED, Outcome, of_go, of_junit

if TYPE_CHECKING:
    from pathlib import Path

GO = """\
=== RUN   TestAPI
=== RUN   TestAPI/api-generate/llama3.2:1b
=== RUN   TestAPI/api-generate/llama3.2:1b/stream
    api_test.go:99: final response missing context
=== RUN   TestAPI/api-chat/llama3.2:1b
--- FAIL: TestAPI (8.15s)
    --- FAIL: TestAPI/api-generate/llama3.2:1b (4.02s)
        --- FAIL: TestAPI/api-generate/llama3.2:1b/stream (2.69s)
    --- PASS: TestAPI/api-chat/llama3.2:1b (0.10s)
=== RUN   TestTools
    tools_test.go:7: model qwen3.5:2b not available
--- SKIP: TestTools (0.00s)
FAIL
"""
JUNIT = """\
<testsuites><testsuite>
<testcase classname="tests.api_resources.test_models.TestModels" name="test_method_list[strict]"/>
<testcase classname="tests.api_resources.test_models.TestModels" name="test_method_delete[loose]">
<failure message="openai.APIStatusError:
  405">words</failure></testcase>
<testcase classname="t" name="u"><skipped message="no tools"/></testcase>
</testsuite></testsuites>
"""


def test_go_tells_of_its_innermost_tests_each_with_its_own_words() -> None:
    assert [*of_go(GO)] == [
        Outcome("TestAPI/api-generate/llama3.2:1b/stream", FAILED, "final response missing context"),
        Outcome("TestAPI/api-chat/llama3.2:1b", PASSED),
        Outcome("TestTools", SKIPPED, "model qwen3.5:2b not available"),
    ]


def test_pytest_tells_by_its_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(JUNIT)
    assert [*of_junit(report)] == [
        Outcome("test_models.TestModels::test_method_list[strict]", PASSED),
        Outcome("test_models.TestModels::test_method_delete[loose]", FAILED, "openai.APIStatusError: 405"),
        Outcome("t::u", SKIPPED, "no tools"),
    ]
