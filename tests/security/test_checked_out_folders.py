"""A folder that came with somebody's repository names an endpoint: no credentials and no prompts go there."""

from __future__ import annotations

from contextlib import chdir
from typing import TYPE_CHECKING

import pytest

from laneway.client.connection import CONNECTION_FILE, Connection, connect
from laneway.client.remote import Remote
from laneway.errors import PoolUnavailable
from laneway.schema.job.keys import Place
from laneway.schema.shared.names import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOREIGN, HERE = "http://collector.example:4566", "http://127.0.0.1:4566"
OWN_KEYS = {"access_key_id": "a", "secret_access_key": "b"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The working directory, with a state folder in it."""
    (tmp_path / DEFAULT_STATE).mkdir()
    with chdir(tmp_path):
        yield tmp_path / DEFAULT_STATE


def planted(folder: Path, endpoint: str | None, **keys: str) -> Connection:
    connection = Connection(place=Place(bucket="acme-llm"), endpoint=endpoint, region="eu-west-1", **keys)
    (folder / CONNECTION_FILE).write_text(connection.model_dump_json())
    return connection


def test_a_variable_that_is_there_and_empty_names_no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(folder, HERE, **OWN_KEYS)
    monkeypatch.chdir(folder)
    with pytest.raises(PoolUnavailable, match=r"no pool is running in \.laneway"):
        connect(None, {"LANEWAY_POOL": ""})


@pytest.mark.parametrize("keys", [{}, {"access_key_id": "a"}, {"secret_access_key": "b"}], ids=["none", "id", "secret"])
@pytest.mark.parametrize("endpoint", [FOREIGN, HERE])
@pytest.mark.parametrize("named", [True, False])
def test_an_endpoint_without_credentials_of_its_own_is_refused(
    folder: Path, endpoint: str, keys: dict[str, str], *, named: bool
) -> None:
    planted(folder, endpoint, **keys)
    with pytest.raises(PoolUnavailable, match="yours are not sent there"):
        connect(str(folder) if named else None, {})


@pytest.mark.parametrize(
    "endpoint",
    [
        FOREIGN,
        "http://127.0.0.1.collector.example",
        "http://127.0.0.1@collector.example",
        "http://[2001:db8::1]:80",
        "?",
        "http://collector.example\\@127.0.0.1:4566",
        "http://collector.example/\\@localhost",
        "http://collector.example#@127.0.0.1:4566",
        "http://collector.example?@[::1]:4566",
        "http://user:word@127.0.0.1:4566",
        "http://127.0.0.1:4566/\n",
        "http://loc\nalhost:4566",
        "http://[::1",
        "http://[::1]collector.example",
        "http://[::ffff:192.0.2.1]:80",
        "http://169.254.169.254",
        "http://0.0.0.0:4566",
        "http://2130706433",
        "http://127.1",
        "http://\uff4cocalhost",
        "http://localhost.collector.example",
        "//127.0.0.1:4566",
        "",
    ],
)
def test_an_endpoint_elsewhere_is_refused_where_nobody_named_the_folder(folder: Path, endpoint: str) -> None:
    planted(folder, endpoint, **OWN_KEYS)
    with pytest.raises(PoolUnavailable, match=r"LANEWAY_POOL=\.laneway"):
        connect(None, {})


def test_a_folder_that_is_named_may_be_behind_another_machine(folder: Path) -> None:
    there = planted(folder, FOREIGN, **OWN_KEYS)
    assert connect(str(folder), {}) == there
    assert connect(None, {"LANEWAY_POOL": DEFAULT_STATE}) == there


@pytest.mark.parametrize("keys", [{}, OWN_KEYS], ids=["none", "of its own"])
def test_a_bucket_on_aws_is_refused_where_nobody_named_the_folder(folder: Path, keys: dict[str, str]) -> None:
    there = planted(folder, None, **keys)
    with pytest.raises(PoolUnavailable, match=r"a pool on AWS, s3://acme-llm, .* LANEWAY_POOL=\.laneway"):
        connect(None, {})
    assert connect(str(folder), {}) == there


def test_an_endpoint_that_is_none_is_told_of_a_folder_that_is_named(folder: Path) -> None:
    with pytest.raises(PoolUnavailable, match="check the AWS settings in use, the endpoint first"):
        Remote(planted(folder, "http://[::1", **OWN_KEYS))


@pytest.mark.parametrize("endpoint", [HERE, "http://localhost:4566", "http://[::1]:4566"])
def test_a_pool_of_this_machine_needs_no_name(folder: Path, endpoint: str | None) -> None:
    there = planted(folder, endpoint, **OWN_KEYS)
    assert connect(None, {}) == there
