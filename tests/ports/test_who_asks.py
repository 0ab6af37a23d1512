"""Who asks a dashboard and what they may: people in memory, and those of a real API server."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import certifi
import pytest

from laneway_dashboard.adapters.cluster.api_server import ApiServer
from laneway_dashboard.adapters.cluster.reviews import Reviews
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.ports.visitors import Person, Right
from laneway_dashboard.testing.people import FakePeople
from support.dashboard.accounts import OWN, account_of, made_account, made_person, token_of
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_dashboard.ports.visitors import MayDo, WhoAsks
    from support.cluster.cluster import Cluster

OURS, THEIRS = "ours/documents", "theirs/documents"


class People(Protocol):
    """Whom a test makes up."""

    @property
    def who(self) -> WhoAsks: ...

    @property
    def may(self) -> MayDo: ...

    def token(self, name: str, *rights: Right) -> str:
        """Somebody's who has these rights in `ours`."""


class InMemory:
    def __init__(self) -> None:
        self._fake = FakePeople()
        self.who: WhoAsks = self._fake
        self.may: MayDo = self._fake

    def token(self, name: str, *rights: Right) -> str:
        self._fake.tokens[f"{name}-token"] = Person(name)
        self._fake.rights |= {(name, right, "ours") for right in rights}
        return f"{name}-token"


@dataclass(frozen=True)
class InCluster:
    cluster: Cluster
    who: WhoAsks
    may: MayDo

    def token(self, name: str, *rights: Right) -> str:
        made_person(self.cluster, name, *rights)
        return token_of(self.cluster, "ours", name)


@contextmanager
def reviews(cluster: Cluster, folder: Path, account: tuple[str, str] = OWN) -> Iterator[Reviews]:
    server, own = account_of(cluster, *account, folder)
    api = ApiServer(server, own)
    try:
        yield Reviews(api)
    finally:
        api.close()


@pytest.fixture(params=["memory", pytest.param("cluster", marks=pytest.mark.xdist_group("dashboard-api"))])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    if request.param == "memory":
        yield InMemory()
        return
    cluster = request.getfixturevalue("dashboard_api")
    with reviews(cluster, tmp_path) as found:
        yield InCluster(cluster, found, found)


def test_what_a_person_may_and_where(people: People) -> None:
    viewer = people.who.who(people.token("vera", Right.LOOK))
    operator = people.who.who(people.token("otto", *Right))
    assert viewer is not None
    assert operator is not None
    assert viewer.name.endswith("vera")
    assert [right for right in Right if people.may.may(viewer, right, OURS)] == [Right.LOOK]
    assert [right for right in Right if people.may.may(operator, right, OURS)] == list(Right)
    for person in (viewer, operator):
        assert not any(people.may.may(person, right, THEIRS) for right in Right)


def test_what_is_nobodys_token(people: People) -> None:
    token = people.token("vera", Right.LOOK)
    head, _, signature = token.rpartition(".")
    for forged in ("x", f"{head}.{signature[::-1]}", f"{token}x"):
        assert people.who.who(forged) is None


@pytest.mark.xdist_group("dashboard-api")
def test_a_token_dies_with_its_account(dashboard_api: Cluster, tmp_path: Path) -> None:
    made_account(dashboard_api, "ours", "leaver")
    token = token_of(dashboard_api, "ours", "leaver")
    with reviews(dashboard_api, tmp_path) as found:
        assert found.who(token) is not None
        dashboard_api.kubectl("delete", "serviceaccount", "leaver", "--namespace=ours")
        eventually(lambda: found.who(token) is None)  # the API server itself remembers tokens for ten seconds


@pytest.mark.xdist_group("dashboard-api")
def test_without_the_right_to_ask_it_says_so(dashboard_api: Cluster, tmp_path: Path) -> None:
    made_account(dashboard_api, "ours", "powerless")
    with (
        reviews(dashboard_api, tmp_path, ("ours", "powerless")) as found,
        pytest.raises(Unavailable, match="cannot create"),
    ):
        found.who("x")


def test_a_server_that_does_not_answer(tmp_path: Path, refused_url: str) -> None:
    (tmp_path / "ca.crt").write_bytes(Path(certifi.where()).read_bytes())
    (tmp_path / "token").write_text("own")
    found = ApiServer(refused_url.replace("http:", "https:"), tmp_path)
    with pytest.raises(Unavailable, match="no answer"):
        Reviews(found).who("x")
    (tmp_path / "token").unlink()
    with pytest.raises(Unavailable, match="can't be read"):
        Reviews(found).who("x")
    found.close()
