"""The model's half of what must be the same in the CRD of placement profiles; the API server's is in tests/cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from laneway.schema.pool.profile import ANYWHERE, PlacementProfile, common_price, parse_profile
from laneway.schema.shared.problems import problems
from support.inputs.bad_profiles import BAD, BEYOND_CEL, GOOD
from support.inputs.profiles import gpu, profile_specs, profile_with

if TYPE_CHECKING:
    from support.inputs.bad_pools import Bad, Good


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.name)
def test_a_good_profile_is_accepted(good: Good) -> None:
    assert parse_profile(good.document).metadata.name == good.document["metadata"]["name"]


@pytest.mark.parametrize("bad", [*BAD, *BEYOND_CEL], ids=lambda bad: bad.name)
def test_a_bad_profile_is_refused_with_its_cause(bad: Bad) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_profile(bad.document)
    assert bad.words in problems(caught.value, PlacementProfile)


def test_every_profile_has_a_name_of_its_own() -> None:
    names = [each.name for each in (*BAD, *BEYOND_CEL)] + [each.name for each in GOOD]
    assert len(set(names)) == len(names)


def test_a_profile_that_says_nothing_is_any_node() -> None:
    assert parse_profile(profile_with()).spec == ANYWHERE
    assert (ANYWHERE.device, ANYWHERE.price) == (None, None)


@pytest.mark.parametrize(
    ("memory", "size"),
    [
        ("22888Mi", 22888 * 2**20),
        ("15Gi", 15 * 2**30),
        ("1.5Gi", 3 * 2**29),
        ("16G", 16 * 10**9),
        (None, None),
    ],
)
def test_an_accelerators_memory_is_a_quantity(memory: str | None, size: int | None) -> None:
    device = parse_profile(profile_with(accelerator=gpu(memory=memory))).spec.device
    assert device is not None
    assert device.memory_bytes == size


@pytest.mark.parametrize(
    ("prices", "price"),
    [((), None), (("0.1578",), 0.1578), (("1", "1.0"), 1.0), (("1", "2"), None), (("1", None), None)],
    ids=str,
)
def test_of_several_prices_there_is_one_where_all_are_the_same(prices: tuple[str | None, ...], price: float) -> None:
    specs = profile_specs({f"p{n}": {"pricePerHour": each} if each else {} for n, each in enumerate(prices)})
    assert common_price(specs.values()) == price
