"""AWS in a child process: moto's server."""

from __future__ import annotations

import importlib.util
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from laneway_worker.adapters.aws.clients import Clients, make_clients
from support.processes import free_port, server
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_sns import SNSClient

REGION = "eu-central-1"
POLL_SECONDS = 1
SLOTS = 8

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy")


@contextmanager
def aws_credentials() -> Iterator[None]:
    """Credentials of nobody, whatever the machine has; the environment is restored at the end."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        yield


@contextmanager
def moto_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """The URL of a fresh, empty AWS."""
    if importlib.util.find_spec("moto") is None:
        missing("moto", "uv sync --all-packages installs it")
    port = port or free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **CREDENTIALS}
    with server(program("127.0.0.1", port), environment, port, folder / "moto.log"):
        yield f"http://127.0.0.1:{port}"


def program(address: str, port: int) -> tuple[str, ...]:
    """Its command line; it writes nothing."""
    return (sys.executable, "-P", "-m", "moto.server", "-H", address, "-p", str(port))


def sns_in(clients: Clients, region: str = REGION) -> SNSClient:
    """The worker's own client of a region."""
    return clients.topics.of(f"arn:aws:sns:{region}:123456789012:any")


@contextmanager
def aws_clients(endpoint: str) -> Iterator[Clients]:
    """The worker's own clients, closed at the end."""
    made = make_clients(REGION, endpoint, SLOTS, POLL_SECONDS)
    try:
        yield made
    finally:
        for client in (made.poll, made.heartbeat, made.acknowledge, made.s3, made.topics):
            client.close()
