from __future__ import annotations

from pathlib import Path

import pytest

from laneway_dashboard.ports.visitors import Role
from laneway_dashboard.settings import MOST_POOLS, SettingsError, read_settings


def test_without_any_the_client_looks_by_itself() -> None:
    found = read_settings({"XDG_STATE_HOME": "/var/lib"})
    assert (found.pools, found.port, found.role, found.up_state, found.tables) == (
        (None,),
        None,
        Role.OPERATOR,
        None,
        (),
    )
    assert found.state == Path("/var/lib/laneway/dashboard")
    assert found.user


def test_all_of_them() -> None:
    found = read_settings(
        {
            "LANEWAY_DASHBOARD_POOLS": "s3://a/b\n/with a space\n",
            "LANEWAY_DASHBOARD_PORT": "0",
            "LANEWAY_DASHBOARD_ROLE": "viewer",
            "LANEWAY_DASHBOARD_STATE": "/state",
            "LANEWAY_DASHBOARD_TABLES": "a.json\nb.json",
        }
    )
    assert found.pools == ("s3://a/b", "/with a space")
    assert (found.port, found.role, found.state) == (0, Role.VIEWER, Path("/state"))
    assert found.tables == (Path("a.json"), Path("b.json"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "x"),
        ("ROLE", "admin"),
        ("POOLS", "\n".join(["s3://a"] * (MOST_POOLS + 1))),
    ],
)
def test_what_can_not_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"LANEWAY_DASHBOARD_{name}"):
        read_settings({f"LANEWAY_DASHBOARD_{name}": value})
