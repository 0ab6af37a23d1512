"""An administrator runs `laneway iam` over a file that a tenant wrote: what it opens is bounded, or said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.cli.output import Exit
from laneway.iam.needs import Role
from laneway.iam.open_ends import open_ends
from laneway.iam.policy import policy
from laneway.iam.resources import Scope
from laneway.schema.pool.pool import parse_pool
from support.inputs.pools import pool_with

if TYPE_CHECKING:
    from pathlib import Path

REGION, ACCOUNT, CLUSTER = "eu-west-1", "111122223333", "6f1f2c1e-7c1a-4b8e-9d53-1f0a5f2d8b11"
OPEN, EXACT = Scope(ACCOUNT, REGION), Scope(ACCOUNT, REGION, CLUSTER)
SQS = "https://sqs.eu-west-1.amazonaws.com"
OWN = "https://sqs.eu-west-1.amazonaws.com/111122223333/claims"
OTHERS = "https://sqs.eu-west-1.amazonaws.com/111122223333/laneway-payroll-fast-a1b2c"
HERE = ("--account", ACCOUNT, "--region", REGION)


def said(scope: Scope = EXACT, **fields: Any) -> str:
    return "\n".join(open_ends(parse_pool(pool_with(**fields)), scope))


def queues(url: str, dead: str) -> dict[str, Any]:
    return {"queue": {"external": {"url": url, "deadLetterURL": dead}}}


def test_a_pool_that_opens_nothing_is_not_warned_of() -> None:
    assert said(destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}]) == ""
    assert said(OPEN, lane=queues(OWN, f"{OWN}-dead")) == ""


def test_open_names_of_queues_are_told_with_the_option_that_closes_them() -> None:
    assert "--cluster-id $(kubectl get namespace kube-system" in said(OPEN)


def test_exact_names_differ_by_namespace() -> None:
    found = [
        str(
            policy(Role.WORKER, parse_pool(pool_with() | {"metadata": {"name": "documents", "namespace": each}}), EXACT)
        )
        for each in ("nlp", "payroll")
    ]
    assert found[0] != found[1]
    assert "?" not in "".join(found)


def test_a_destination_among_other_pools_results_is_told() -> None:
    found = said(destinations=[{"name": "out", "s3": {"bucket": "acme-llm", "prefix": "payroll/"}}])
    assert "destination out lies in the bucket of results" in found
    assert "s3://acme-llm/payroll/" in found


@pytest.mark.parametrize(("url", "dead"), [(OTHERS, f"{OWN}-dead"), (OWN, OTHERS)], ids=["queue", "dead letters"])
def test_a_queue_that_is_called_like_a_managed_one_is_told(url: str, dead: str) -> None:
    assert f"lane default names {OTHERS}" in said(lane=queues(url, dead))


@pytest.mark.parametrize(
    "path",
    ["111122223333/*", "*/claims", "111122223333/claims*", "111122223333/${aws:username}", "111122223333/a:b", "a//b",
     "111122223333/%2A", "111122223333/a\u202eb", '111122223333/a"b', "111122223333/a\x00"],
)  # fmt: skip
def test_a_queue_whose_name_a_policy_takes_for_more_is_refused(path: str) -> None:
    for url, dead in ((f"{SQS}/{path}", f"{OWN}-dead"), (OWN, f"{SQS}/{path}")):
        with pytest.raises(ValidationError, match="should be the URL of a queue"):
            parse_pool(pool_with(lane=queues(url, dead)))


@pytest.mark.parametrize("host", ["user:word@sqs.eu-west-1.amazonaws.com", "", "a b"])
def test_a_queue_whose_host_is_more_than_a_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="should be the URL of a queue"):
        parse_pool(pool_with(lane=queues(f"https://{host}/111122223333/claims", f"{OWN}-dead")))


def test_warnings_stand_apart_from_the_policy(tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(yaml.safe_dump(pool_with()))
    run = CliRunner().invoke(app, ["iam", str(file), "--role", "worker", *HERE])
    assert run.exit_code == Exit.OK
    assert run.stderr.startswith("warning: the names of managed queues")
    assert "warning" not in run.stdout


def test_a_cluster_id_that_is_empty_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(yaml.safe_dump(pool_with()))
    run = CliRunner().invoke(app, ["iam", str(file), "--role", "worker", *HERE, "--cluster-id", ""])
    assert (run.exit_code, "--cluster-id is empty" in run.stderr) == (Exit.USAGE, True)
