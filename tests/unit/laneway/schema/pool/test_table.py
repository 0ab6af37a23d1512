from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from laneway.schema.pool.pool import parse_pool
from laneway.schema.pool.table import DAY_SECONDS, ONE_TABLE, ONE_WAY_IN, Table
from laneway.schema.shared.problems import problems
from support.inputs.pools import named, pool_with

IAM = {"host": "db.example", "database": "jobs", "user": "writer"}


def table(**fields: Any) -> Table:
    found = parse_pool(named(pool_with(table={"postgres": {"secretName": "db"}} | fields))).spec.table
    assert found is not None
    return found


def refusal(said: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as found:
        parse_pool(named(pool_with(table=said)))
    return problems(found.value)


def test_the_smallest_table() -> None:
    found = table()
    assert found.postgres is not None
    assert (found.postgres.secret_name, found.postgres.key, found.postgres.port) == ("db", "url", 5432)
    assert (found.output, found.retention, found.ports) == (False, 90 * DAY_SECONDS, (5432,))


def test_dynamodb_listens_where_all_of_aws_does() -> None:
    found = parse_pool(named(pool_with(table={"dynamodb": {"tableName": "jobs"}}))).spec.table
    assert found is not None
    assert found.ports == ()


@pytest.mark.parametrize(
    "said", [{}, {"output": True}, {"postgres": {"secretName": "db"}, "dynamodb": {"tableName": "jobs"}}]
)
def test_there_is_exactly_one(said: dict[str, Any]) -> None:
    assert ONE_TABLE in refusal(said)


@pytest.mark.parametrize("said", [{}, {"port": 5433}, {"secretName": "db", "iam": IAM}])
def test_there_is_exactly_one_way_in(said: dict[str, Any]) -> None:
    assert ONE_WAY_IN in refusal({"postgres": said})


@pytest.mark.parametrize(("written", "days"), [("1d", 1), ("90d", 90), ("3650d", 3650)])
def test_rows_are_kept_for_whole_days(written: str, days: int) -> None:
    found = table(retention=written)
    assert found.retention == days * DAY_SECONDS
    assert found.model_dump(by_alias=True, mode="json")["retention"] == written


@pytest.mark.parametrize("written", ["0d", "3651d", "99999999999d", "90", "24h", "1.5d", "-1d", "٣d", "", "d", 90])
def test_what_is_no_retention_is_refused_in_words(written: object) -> None:
    assert "should be whole days, such as 90d: 1d to 3650d" in refusal(
        {"postgres": {"secretName": "db"}, "retention": written}
    )


@pytest.mark.parametrize(
    ("postgres", "words"),
    [
        ({"secretName": "db", "port": 0}, "port"),
        ({"secretName": "db", "port": 65536}, "port"),
        ({"secretName": "DB"}, "secretName: should be the name of an object in the cluster"),
        ({"iam": IAM | {"host": "db.example:5432"}}, "host: should be a host's name"),
        ({"iam": IAM | {"user": "a b"}}, "user: should be letters, digits, dashes and underscores"),
        ({"secretName": "db", "caBundle": {}}, "configMapName: is missing"),
        ({"secretName": "db", "url": "postgresql://a:b@c/d"}, "url: unknown field"),
    ],
)
def test_what_is_wrong_is_named(postgres: dict[str, Any], words: str) -> None:
    assert words in refusal({"postgres": postgres})


def test_a_tables_name_is_dynamodbs() -> None:
    assert "tableName" in refusal({"dynamodb": {"tableName": "a"}})
