from __future__ import annotations

import re
from typing import Any

import pytest

from laneway.schema.pool.pods.quantity import PATTERN, canonical, thousandths
from laneway.schema.pool.pool import parse_pool
from support.inputs.pools import pool_with
from support.inputs.quantities import CANONICAL


@pytest.mark.parametrize(("text", "written"), CANONICAL)
def test_a_quantity_is_written_in_the_form_that_the_api_server_leaves_as_it_is(text: str, written: str) -> None:
    assert re.fullmatch(PATTERN, text)
    assert canonical(text) == written
    assert canonical(written) == written


@pytest.mark.parametrize(("text", "written"), CANONICAL)
def test_a_quantity_is_as_much_however_it_is_written(text: str, written: str) -> None:
    assert thousandths(text) == thousandths(written)


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "-1", "1e3"])
def test_what_is_no_quantity_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="should be a quantity such as 500m, 2 or 8Gi"):
        thousandths(text)


@pytest.mark.parametrize(("value", "text"), [(2, "2"), ("2", "2"), ("500m", "500m"), ("1.0", "1.0")])
def test_a_quantity_may_be_a_number_and_is_kept_as_it_was_written(value: Any, text: str) -> None:
    lane = parse_pool(pool_with(lane={"resources": {"requests": {"cpu": value}}})).spec.lanes[0]
    assert lane.resources
    assert lane.resources.requests == {"cpu": text}
