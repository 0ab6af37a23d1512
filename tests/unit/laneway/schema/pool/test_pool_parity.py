"""The models' half of what must be the same in the CRD; the API server's half is in tests/cluster."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.shared.problems import problems
from support.inputs import bad_gateways, bad_schedules, bad_tables
from support.inputs.bad_pools import BAD, GOOD, Bad, Good

ALL_BAD = (*BAD, *bad_schedules.BAD, *bad_gateways.BAD, *bad_tables.BAD)
ALL_GOOD = (*GOOD, *bad_schedules.GOOD, *bad_gateways.GOOD, *bad_tables.GOOD)


@pytest.mark.parametrize("good", ALL_GOOD, ids=lambda good: good.name)
def test_a_good_pool_is_accepted(good: Good) -> None:
    assert parse_pool(good.document).metadata.name == good.document["metadata"]["name"]


@pytest.mark.parametrize("bad", [*ALL_BAD, *bad_schedules.BEYOND_CEL], ids=lambda bad: bad.name)
def test_a_bad_pool_is_refused_with_its_cause(bad: Bad) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_pool(bad.document)
    assert bad.words in problems(caught.value, LLMWorkerPool)


def test_every_pool_has_a_name_of_its_own() -> None:
    names = [each.name for each in (*ALL_BAD, *bad_schedules.BEYOND_CEL)] + [each.name for each in ALL_GOOD]
    assert len(set(names)) == len(names)
