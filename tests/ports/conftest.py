"""The servers that stand behind the real adapters, each started once and only where a test wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.moto_server import aws_clients, aws_credentials, moto_server
from support.ollama import ollama_server
from support.processes import closed_port
from support.stub_ollama import stub_ollama

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_worker.adapters.aws import Clients
    from support.ollama import OllamaServer
    from support.stub_ollama import StubOllama


@pytest.fixture(scope="session")
def _credentials() -> Iterator[None]:
    with aws_credentials():
        yield


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory, _credentials: None) -> Iterator[Clients]:
    with moto_server(tmp_path_factory.mktemp("moto")) as endpoint, aws_clients(endpoint) as clients:
        yield clients


@pytest.fixture(scope="session")
def refused_url() -> Iterator[str]:
    with closed_port() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def unreachable_aws(refused_url: str, _credentials: None) -> Iterator[Clients]:
    with aws_clients(refused_url) as clients:
        yield clients


@pytest.fixture(scope="session")
def ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OllamaServer]:
    with ollama_server(tmp_path_factory.mktemp("ollama")) as running:
        yield running


@pytest.fixture
def stub() -> Iterator[StubOllama]:
    with stub_ollama() as running:
        yield running
