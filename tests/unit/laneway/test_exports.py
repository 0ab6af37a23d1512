from __future__ import annotations

import pytest

import laneway


@pytest.mark.parametrize("name", laneway.__all__)
def test_what_laneway_exports_loads_from_where_it_lives(name: str) -> None:
    found = getattr(laneway, name)
    assert found.__name__ == name


def test_every_name_that_has_a_home_is_exported_and_no_other() -> None:
    assert sorted(laneway._HOMES) == sorted(laneway.__all__)


def test_a_name_that_laneway_lacks_is_an_error_of_the_usual_kind() -> None:
    with pytest.raises(AttributeError, match="module 'laneway' has no attribute 'Pols'"):
        laneway.Pols  # noqa: B018 - reading the name is the test
