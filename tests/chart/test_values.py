"""Every value is documented, has an effect, and its example is a good one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from chart.rendering import CHART, CRD_CHART, KUBERNETES, MATRIX, RELEASE, Helm, Manifest
from values_doc.parse import Value, parse_values

if TYPE_CHECKING:
    from pathlib import Path

VALUES = list(parse_values((CHART / "values.yaml").read_text()).leaves())
KNOWN = {each.path for each in VALUES}
EXAMPLES = [each for each in VALUES if each.comment.example]


def paths(values: Manifest, known: set[str], before: str = "") -> set[str]:
    """The values that a set of values sets."""
    found: set[str] = set()
    for name, each in values.items():
        path = before + name
        found |= {path} if path in known else paths(each, known, f"{path}.")
    return found


def test_every_value_is_set_in_a_combination_that_is_rendered() -> None:
    assert KNOWN - {path for values in MATRIX.values() for path in paths(values, KNOWN)} == set()


@pytest.mark.parametrize("value", VALUES, ids=lambda each: each.path)
def test_every_value_has_an_effect(helm: Helm, value: Value) -> None:
    setting = [values for values in MATRIX.values() if value.path in paths(values, KNOWN)]
    assert any(rendered(helm, each) != rendered(helm, without(each, value)) for each in setting)


def rendered(helm: Helm, values: Manifest) -> str:
    """Empty where it is refused."""
    return helm.run("template", RELEASE, CHART, f"--kube-version={KUBERNETES}", values=values).stdout


def without(values: Manifest, value: Value) -> Manifest:
    """The same values, one of them as it is by default."""
    parts = value.path.split(".")
    return _replaced(values, parts, value.default)


def _replaced(values: Manifest, parts: list[str], default: Any) -> Manifest:
    first, *rest = parts
    return {**values, first: _replaced(values[first], rest, default) if rest else default}


@pytest.mark.parametrize("value", EXAMPLES, ids=lambda each: each.path)
def test_every_example_can_stand_in_the_place_of_its_value(helm: Helm, value: Value) -> None:
    example = yaml.safe_load(value.comment.example)
    assert example
    setting = next(values for values in MATRIX.values() if value.path in paths(values, KNOWN))
    given = rendered(helm, _replaced(setting, value.path.split("."), example))
    assert given
    assert given != rendered(helm, without(setting, value))


@pytest.mark.parametrize("chart", [CHART, CRD_CHART], ids=lambda each: each.name)
def test_no_unknown_value_at_the_top(helm: Helm, chart: Path) -> None:
    done = helm.run("template", chart, "--kube-version=1.34.0", values={"unheard": 1})
    assert "additional properties 'unheard' not allowed" in done.stderr
