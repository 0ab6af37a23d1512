from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from versions_page import pinned, versions_page

from laneway.local.ollama import find
from laneway_operator.settings import RENDERED
from support.aws import localstack
from support.ollama import newest
from support.toolchain import toolbox

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "row",
    [
        f"| Kubernetes | 1.33 | {toolbox.KUBERNETES_VERSION.removeprefix('v')} |",
        f"| Ollama | | {find.VERSION} and {newest.VERSION} |",
        f"| LocalStack | | {localstack.VERSION} |",
        "| Python | 3.11 | 3.11 |",
    ],
)
def test_the_page_names_what_the_tests_run(row: str) -> None:
    assert row in versions_page(ROOT)


@pytest.mark.parametrize("settings", [toolbox.KEDA.ldflags, toolbox.HELM.ldflags, toolbox.HELM_4.ldflags])
def test_what_is_stamped_is_what_is_pinned(settings: str) -> None:
    assert settings.rpartition("=")[2].removeprefix("v") in versions_page(ROOT)


def test_the_image_of_the_chart_and_of_the_operator_is_the_newest_that_is_tested() -> None:
    values = yaml.safe_load((ROOT / "charts/laneway/values.yaml").read_text())
    for each in (values, json.loads(RENDERED["LANEWAY_ENGINES"])):
        assert each["engines"][each["defaultEngine"]]["image"] == f"docker.io/ollama/ollama:{newest.VERSION}"
        assert each["defaultEngine"] == f"ollama-{'-'.join(newest.VERSION.split('.')[:2])}"


def test_a_module_that_is_not_pinned_is_told() -> None:
    with pytest.raises(ValueError, match="requires no example"):
        pinned(ROOT / "tools/ollama/go.mod", "example.com/none")
