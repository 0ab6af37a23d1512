"""The servers that stand behind the real adapters, each started once and only where a test wants it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chart.rendering import NAMESPACE, Helm, of_component, tool
from support.aws.emulators import EMULATORS, running
from support.aws.moto import aws_clients, aws_credentials
from support.cluster.cluster import api_alone
from support.ollama.real import ENGINES, ollama_server
from support.ollama.stub import stub_ollama
from support.processes import closed_port, listens
from support.table.benches import DYNAMODB, dynamodb_table, own_table, table_in
from support.table.dynamodb_local import PORT, VARIABLE
from support.table.postgres import VERSIONS, postgres_server
from support.toolchain.toolbox import ToolMissing
from support.tools import missing
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chart.rendering import Manifest
    from laneway_table.ports.table import Table
    from laneway_worker.adapters.aws.clients import Clients
    from support.aws.emulators import Aws
    from support.cluster.cluster import Cluster
    from support.ollama.real import OllamaServer
    from support.ollama.stub import StubOllama
    from support.table.postgres import Server

ROOT = Path(__file__).parents[2]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run by several processes, the tests with one real Ollama stay in one, as models are large; those with one
    PostgreSQL, too.
    """
    for item in items:
        for server in _servers(item):
            item.add_marker(pytest.mark.xdist_group(server))


def _servers(item: pytest.Item) -> list[str]:
    chosen = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return [f"ollama {each}" for each in ENGINES if each in chosen] + [each for each in VERSIONS if each in chosen]


@pytest.fixture(scope="session")
def _credentials() -> Iterator[None]:
    with aws_credentials():
        yield


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory, _credentials: None) -> Iterator[Aws]:
    with running("moto", tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture(scope="session")
def localstack(tmp_path_factory: pytest.TempPathFactory, _credentials: None) -> Iterator[Aws]:
    with running("localstack", tmp_path_factory.mktemp("localstack")) as started:
        yield started


@pytest.fixture(params=EMULATORS)
def aws(request: pytest.FixtureRequest) -> Aws:
    started: Aws = request.getfixturevalue(request.param)
    return started


@pytest.fixture(scope="session")
def refused_url() -> Iterator[str]:
    with closed_port() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def unreachable_aws(refused_url: str, _credentials: None) -> Iterator[Clients]:
    with aws_clients(refused_url) as clients:
        yield clients


@pytest.fixture(scope="session")
def ollamas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], OllamaServer]]:
    """Starts a version of Ollama when it is asked for it first."""
    with ExitStack() as stack:
        yield cache(lambda engine: stack.enter_context(ollama_server(tmp_path_factory.mktemp("ollama"), engine=engine)))


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The version of Ollama."""
    version: str = request.param
    return version


@pytest.fixture(scope="session")
def ollama(ollamas: Callable[[str], OllamaServer], engine: str) -> OllamaServer:
    return ollamas(engine)


@pytest.fixture
def stub() -> Iterator[StubOllama]:
    with stub_ollama() as running:
        yield running


@pytest.fixture(scope="session")
def postgres15() -> Iterator[Server]:
    with postgres_server("postgres15") as started:
        yield started


@pytest.fixture(scope="session")
def postgres18() -> Iterator[Server]:
    with postgres_server("postgres18") as started:
        yield started


@pytest.fixture(scope="session")
def dynamodb(request: pytest.FixtureRequest) -> str:
    """moto's, or the one that an environment names."""
    if named := os.environ.get(VARIABLE):
        eventually(lambda: listens(PORT))
        return named
    started: Aws = request.getfixturevalue("moto")
    return started.endpoint


@pytest.fixture
def table(bench: str, request: pytest.FixtureRequest, tmp_path: Path, _credentials: None) -> Iterator[Table]:
    """Prepared; `bench` says which."""
    made: Table
    if bench in VERSIONS:
        made = table_in(tmp_path, request.getfixturevalue(bench))
    elif bench == DYNAMODB:
        made = dynamodb_table(request.getfixturevalue("dynamodb"))
    else:
        made = own_table(bench, tmp_path)
    made.prepare()
    yield made
    made.close()


@pytest.fixture(scope="session")
def dashboard_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server with pools in `ours` and `theirs`, and the dashboard's account as the chart makes it for `ours`."""
    rights = dashboards_rights(tmp_path_factory.mktemp("helm"))
    try:
        with api_alone(tmp_path_factory.mktemp("api")) as cluster:
            cluster.define(ROOT / "crds" / "llmworkerpools.laneway.dev.yaml")
            for name in ("ours", "theirs", NAMESPACE):
                cluster.kubectl("create", "namespace", name)
            cluster.apply(*rights)
            yield cluster
    except ToolMissing as error:
        missing(error.what, error.how)


def dashboards_rights(folder: Path) -> list[Manifest]:
    """Account, roles and policy, and nothing that runs."""
    values = {
        "dashboard": {"enabled": True, "hosts": ["dashboard.acme.example"]},
        "watch": {"namespaces": ["ours"], "clusterID": "tests"},
    }
    made = of_component(Helm(tool("helm"), folder).template(values), "dashboard")
    return [each for each in made if each["kind"] not in ("Deployment", "Service")]
