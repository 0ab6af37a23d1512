"""What the page on placement profiles shows can be applied."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from laneway.schema.pool.file import read_profiles
from support.inputs.profiles import profile_specs
from support.pages import under, yaml_blocks

PAGE = Path(__file__).parents[3] / "docs/howto/profiles.md"
BLOCKS = yaml_blocks(PAGE)


def test_profiles_of_the_page_are_accepted() -> None:
    (text,) = under(BLOCKS, "Make one")
    assert [each.metadata.name for each in read_profiles(text, PAGE.name)] == ["g4dn-spot", "cpu"]


@pytest.mark.parametrize("text", under(BLOCKS, "Or have Helm make them"))
def test_values_of_the_page_are_profiles(text: str) -> None:
    assert profile_specs(yaml.safe_load(text)["placementProfiles"])
