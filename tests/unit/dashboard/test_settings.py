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


def test_an_account_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(SettingsError, match="LANEWAY_DASHBOARD_STATE should name a folder"):
        read_settings({})
    assert read_settings({"LANEWAY_DASHBOARD_STATE": "/state"}).state == Path("/state")


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


IN_POD = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "LANEWAY_DASHBOARD_MODE": "cluster"}


def test_in_a_cluster() -> None:
    found = read_settings(IN_POD | {"LANEWAY_DASHBOARD_HOSTS": "Dashboard.acme.example\nother.example:8443"}).cluster
    assert found is not None
    assert found.server == "https://[fd00::1]:443"
    assert found.hosts == {"dashboard.acme.example", "other.example:8443"}
    assert found.namespaces == ()
    some = read_settings(IN_POD | {"LANEWAY_DASHBOARD_NAMESPACES": "nlp law"}).cluster
    assert some is not None
    assert some.namespaces == ("nlp", "law")
    assert read_settings({}).cluster is None


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"LANEWAY_DASHBOARD_MODE": "open"}, "MODE should be link or cluster"),
        ({"KUBERNETES_SERVICE_HOST": ""}, "needs a pod of a cluster"),
        ({"LANEWAY_DASHBOARD_HOSTS": " ".join(f"h{number}" for number in range(21))}, "at most 20 hosts"),
    ],
)
def test_what_a_cluster_needs(other: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_settings(IN_POD | other)
