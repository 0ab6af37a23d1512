from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.cli.output import Exit
from laneway.iam.needs import Role
from laneway.iam.policy import policy
from laneway.iam.resources import Scope
from laneway.schema.pool.pool import parse_pool
from support.inputs.pools import pool_with

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

REGION, ACCOUNT = "eu-west-1", "111122223333"
DOCUMENT = pool_with(aws={"region": REGION})
HERE = ("--account", ACCOUNT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pool.yaml"
    path.write_text(yaml.safe_dump(DOCUMENT))
    return path


def iam(*argv: str | Path) -> Result:
    return CliRunner().invoke(app, ["iam", *map(str, argv)])


def said(result: Result) -> Any:
    assert result.exit_code == Exit.OK, result.output
    return json.loads(result.stdout)


def test_a_roles_policy_is_plain_json_for_the_aws_cli(file: Path) -> None:
    found = said(iam(file, "--role", "worker", *HERE))
    assert found == policy(Role.WORKER, parse_pool(DOCUMENT), Scope(ACCOUNT, REGION))


def test_all_roles_are_one_document_for_programs(file: Path) -> None:
    assert set(said(iam(file, "--json", *HERE))) == set(Role)


def test_people_get_every_role_under_its_name(file: Path) -> None:
    result = iam(file, *HERE)
    assert [line.split(":")[0] for line in result.stdout.splitlines() if line.startswith("# ")] == [
        f"# {role}" for role in Role
    ]


def test_trust_is_printed_for_those_with_a_service_account(file: Path) -> None:
    found = said(iam(file, "--document", "pod-identity-trust", "--json", *HERE))
    assert set(found) == set(Role) - {Role.SUBMITTER, Role.PERSON_ON_CALL, Role.REBUILD}


def test_the_buckets_policy_is_printed(file: Path) -> None:
    found = said(iam(file, "--document", "bucket-policy", *HERE))
    assert {each["Effect"] for each in found["Statement"]} == {"Deny"}


def test_a_topic_names_the_account(tmp_path: Path) -> None:
    topic = {"sns": {"topicARN": f"arn:aws:sns:{REGION}:999999999999:results"}}
    path = tmp_path / "pool.yaml"
    path.write_text(yaml.safe_dump(pool_with(aws={"region": REGION}, notifications=topic)))
    assert ":999999999999:laneway-" in iam(path, "--role", "keda").stdout


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ((), "--account"),
        (("--account", "me"), "--account should be the account's 12 digits, such as 111122223333, not 'me'"),
        ((*HERE, "--role", "submitter", "--document", "pod-identity-trust"), "has no ServiceAccount"),
        ((*HERE, "--role", "keda", "--document", "irsa-trust"), "--oidc-issuer"),
    ],
)
def test_what_is_missing_is_named(file: Path, argv: tuple[str, ...], words: str) -> None:
    result = iam(file, *argv)
    assert result.exit_code == Exit.USAGE
    assert words in result.stderr


def test_a_pool_without_a_region_needs_one(tmp_path: Path) -> None:
    path = tmp_path / "pool.yaml"
    path.write_text(yaml.safe_dump(pool_with()))
    result = iam(path, *HERE)
    assert result.exit_code == Exit.USAGE
    assert "--region" in result.stderr


def test_a_region_that_contradicts_the_pools_is_refused(file: Path) -> None:
    result = iam(file, *HERE, "--region", "us-east-1")
    assert result.exit_code == Exit.USAGE
    assert "spec.aws.region says eu-west-1, and --region says us-east-1; leave --region out" in result.stderr


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pool.yaml"
    path.write_text(yaml.safe_dump(pool_with()))
    result = iam(path, "--document", "irsa-trust")
    assert result.exit_code == Exit.USAGE
    (line,) = result.stderr.splitlines()
    assert [each for each in ("--account", "--region", "--oidc-issuer") if each in line] == [
        *("--account", "--region", "--oidc-issuer")
    ]


def test_an_issuer_is_not_asked_for_where_nobody_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "pool.yaml"
    path.write_text(yaml.safe_dump(pool_with()))
    assert "--oidc-issuer" not in iam(path, "--document", "irsa-trust", "--role", "submitter").stderr


def test_a_bad_pool_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pool.yaml"
    path.write_text("kind: Pod\n")
    result = iam(path, *HERE)
    assert result.exit_code == Exit.USAGE
    assert "pool.yaml:1:" in result.stderr
