from __future__ import annotations

from laneway.local.lanes.prices import prices_of
from laneway.schema.pool.pool import parse_pool
from support.inputs.pools import pool_with
from support.inputs.profiles import profile_specs


def test_a_lane_costs_what_its_profiles_say_and_where_one_is_not_known_nobody_says() -> None:
    lanes = [
        {"name": name, "placement": {"profiles": profiles}}
        for name, profiles in (("one", ["a"]), ("same", ["a", "b"]), ("differ", ["a", "c"]), ("unknown", ["a", "d"]))
    ]
    pool = parse_pool(pool_with(lanes=[*lanes, {"name": "anywhere"}]))
    known = profile_specs({"a": {"pricePerHour": "1"}, "b": {"pricePerHour": "1.0"}, "c": {"pricePerHour": "2"}})
    assert prices_of(pool, known) == {"one": 1.0, "same": 1.0, "differ": None, "unknown": None, "anywhere": None}
