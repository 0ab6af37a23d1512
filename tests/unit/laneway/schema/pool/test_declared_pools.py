"""Every pool of the page on declaring one is a pool."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from laneway.schema.pool.pool import parse_pool

PAGE = Path(__file__).parents[5] / "docs/howto/declare-a-pool.md"
POOLS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("text", POOLS)
def test_a_pool_of_the_page_is_accepted(text: str) -> None:
    assert parse_pool(yaml.safe_load(text)).metadata.name == "documents"


def test_the_page_has_pools() -> None:
    assert len(POOLS) > 1
