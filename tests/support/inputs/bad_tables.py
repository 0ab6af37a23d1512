"""Tables for both sides, as in tests/support/inputs/bad_pools.py."""

from __future__ import annotations

from typing import Any

from support.inputs.bad_pools import OBJECT, UNKNOWN, Bad, Good
from support.inputs.pools import pool_with

POSTGRES = {"secretName": "documents-db"}
IAM = {"host": "jobs.abc123.eu-west-1.rds.amazonaws.com", "database": "jobs", "user": "laneway_writer"}
ONE = "give exactly one of postgres: {secretName: documents-db} and dynamodb: {tableName: laneway-documents}"
ONE_WAY = "give postgres exactly one of secretName and iam: {host: …, database: …, user: …}"
DAYS = "should be whole days, such as 90d: 1d to 3650d"


def table(**fields: Any) -> dict[str, Any]:
    """A pool with a table in PostgreSQL."""
    return pool_with(table={"postgres": POSTGRES} | fields)


def _bad(case: str, words: str, server: str | None = None, /, **fields: Any) -> Bad:
    return Bad(case, table(**fields), words, server or words)


def _postgres(case: str, words: str, server: str | None = None, /, **fields: Any) -> Bad:
    return _bad(case, words, server, postgres=POSTGRES | fields)


BAD = (
    Bad("a table of nothing", pool_with(table={}), f"spec.table: {ONE}", ONE),
    Bad("a table nowhere", pool_with(table={"output": True}), f"spec.table: {ONE}", ONE),
    _bad("a table in two places", f"spec.table: {ONE}", ONE, dynamodb={"tableName": "jobs"}),
    _bad("a database without a way in", f"spec.table.postgres: {ONE_WAY}", ONE_WAY, postgres={"port": 5433}),
    _postgres("a database with two ways in", f"spec.table.postgres: {ONE_WAY}", ONE_WAY, iam=IAM),
    _postgres("a database's Secret in capitals", f"postgres.secretName: {OBJECT}", OBJECT, secretName="Db"),
    _postgres("a database's URL in the pool", f"postgres.url: {UNKNOWN}", UNKNOWN, url="postgresql://a:b@c/d"),
    _postgres("a port of 0", "should be greater than or equal to 1", port=0),
    _postgres("a port beyond all", "should be less than or equal to 65535", port=65_536),
    _postgres("a bundle without a name", "caBundle.configMapName: is missing", "configMapName: Required", caBundle={}),
    _bad(
        "RDS without a host",
        "iam.host: is missing",
        "iam.host: Required",
        postgres={"iam": {"database": "a", "user": "b"}},
    ),
    _bad(
        "RDS at a port of its host",
        "iam.host: should be a host's name",
        "should be a host's name",
        postgres={"iam": IAM | {"host": "db:5432"}},
    ),
    _bad(
        "a role with a space",
        "iam.user: should be letters",
        "should be letters",
        postgres={"iam": IAM | {"user": "a b"}},
    ),
    *(
        _bad(f"rows for {days!r}", f"spec.table.retention: {DAYS}", DAYS, retention=days)
        for days in ("0d", "3651d", "24h", "90")
    ),
    _bad("rows for a number", "spec.table.retention", "retention", retention=90),
    _bad("output for some", "spec.table.output", "output", output="yes"),
    Bad(
        "a table's name of two letters",
        pool_with(table={"dynamodb": {"tableName": "ab"}}),
        "spec.table.dynamodb.tableName",
        "tableName",
    ),
    Bad(
        "a table's name in words",
        pool_with(table={"dynamodb": {"tableName": "my table"}}),
        "tableName: should be",
        "should be letters",
    ),
)

GOOD = (
    Good("a table in PostgreSQL", table()),
    Good("a table in RDS", table(postgres={"iam": IAM, "port": 5433, "caBundle": {"configMapName": "rds-ca"}})),
    Good("a table in DynamoDB", pool_with(table={"dynamodb": {"tableName": "jobs"}, "output": True})),
    *(Good(f"rows for {days}", table(retention=days)) for days in ("1d", "9d", "90d", "365d", "3600d", "3650d")),
)
