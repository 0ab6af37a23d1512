"""Who asks a dashboard and what they may: people in memory, and those of a real API server."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import certifi
import pytest

from laneway_dashboard.adapters.cluster.api_server import ApiServer
from laneway_dashboard.adapters.cluster.reviews import RIGHTS, Reviews
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.ports.visitors import Person, Right
from laneway_dashboard.testing.people import FakePeople
from support.cluster.cluster import api_alone
from support.dashboard.accounts import account_of, made_account, token_of
from support.toolchain.toolbox import ToolMissing
from support.tools import missing
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
        made_account(self.cluster, "ours", name)
        rules = [rule_of(*RIGHTS[right]) for right in rights]
        self.cluster.apply(*bound(name, rules), namespace="ours")
        return token_of(self.cluster, "ours", name)


def rule_of(verb: str, subresource: str) -> dict[str, list[str]]:
    resource = f"llmworkerpools/{subresource}" if subresource else "llmworkerpools"
    return {"apiGroups": ["laneway.dev"], "resources": [resource], "verbs": [verb]}


def bound(name: str, rules: list[dict[str, list[str]]]) -> list[str]:
    api = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}
    binding = {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": api, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "ours"}],
    }
    return [json.dumps(role), json.dumps(binding)]


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    try:
        with api_alone(tmp_path_factory.mktemp("api")) as cluster:
            for name in ("ours", "theirs"):
                cluster.kubectl("create", "namespace", name)
            made_account(cluster, "ours", "dashboard")
            role = "--clusterrole=system:auth-delegator"
            cluster.kubectl("create", "clusterrolebinding", "dashboard", role, "--serviceaccount=ours:dashboard")
            yield cluster
    except ToolMissing as error:
        missing(error.what, error.how)


@contextmanager
def reviews(cluster: Cluster, folder: Path, account: str = "dashboard") -> Iterator[Reviews]:
    server, own = account_of(cluster, "ours", account, folder)
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
    cluster = request.getfixturevalue("api")
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
def test_a_token_dies_with_its_account(api: Cluster, tmp_path: Path) -> None:
    made_account(api, "ours", "leaver")
    token = token_of(api, "ours", "leaver")
    with reviews(api, tmp_path) as found:
        assert found.who(token) is not None
        api.kubectl("delete", "serviceaccount", "leaver", "--namespace=ours")
        eventually(lambda: found.who(token) is None)  # the API server itself remembers tokens for ten seconds


@pytest.mark.xdist_group("dashboard-api")
def test_without_the_right_to_ask_it_says_so(api: Cluster, tmp_path: Path) -> None:
    made_account(api, "ours", "powerless")
    with reviews(api, tmp_path, "powerless") as found, pytest.raises(Unavailable, match="cannot create resource"):
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
