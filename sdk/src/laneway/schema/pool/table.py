"""The pool's table on Kubernetes: where rows of results are kept, what is in them, and for how long."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, model_validator

from laneway.schema.pool.gateway import Annotations, SecretKey
from laneway.schema.pool.places import DynamoDBTableName, HostName, SQLName
from laneway.schema.shared.base import KubernetesModel, ObjectName, Pattern, cel

DEFAULT_URL_KEY = "url"
DEFAULT_BUNDLE_KEY = "ca.crt"
DEFAULT_PORT = 5432  # PostgreSQL's own
DAY_SECONDS = 24 * 3600
MAX_RETENTION_DAYS = 3650
ONE_TABLE = "give exactly one of postgres: {secretName: documents-db} and dynamodb: {tableName: laneway-documents}"
ONE_WAY_IN = "give postgres exactly one of secretName and iam: {host: …, database: …, user: …}"
NO_DAYS = "should be whole days, such as 90d: 1d to 3650d"


def _read_days(value: object) -> int:
    if not isinstance(value, str) or not value.endswith("d") or not value[:-1].isdecimal() or not value.isascii():
        raise ValueError(NO_DAYS)
    days = int(value[:-1]) if len(value) <= len(f"{MAX_RETENTION_DAYS}d") else 0
    if not 1 <= days <= MAX_RETENTION_DAYS:
        raise ValueError(NO_DAYS)
    return days * DAY_SECONDS


_DaysText = Annotated[
    str,
    StringConstraints(max_length=5),
    Pattern(r"^([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650)d$", NO_DAYS),
]
Days = Annotated[
    int,
    BeforeValidator(_read_days, json_schema_input_type=_DaysText),
    PlainSerializer(lambda seconds: f"{seconds // DAY_SECONDS}d", return_type=str),
]
"""Seconds, written as `90d` in YAML."""


class TableIAM(KubernetesModel):
    """A database of RDS that is entered with tokens of the projector's own AWS identity, and no password."""

    host: HostName
    """Its endpoint, at most 253 characters."""
    database: SQLName
    """The database, at most 63 characters."""
    user: SQLName
    """The role, which has `rds_iam`: at most 63 characters."""


class CABundle(KubernetesModel):
    """Certificates in a ConfigMap, such as those of RDS."""

    config_map_name: ObjectName
    """A ConfigMap in the pool's namespace."""
    key: SecretKey = DEFAULT_BUNDLE_KEY
    """The key of it that holds the certificates, as PEM."""


class TablePostgres(KubernetesModel):
    """A PostgreSQL, by exactly one of `secretName` and `iam`. TLS is verified."""

    model_config = ConfigDict(json_schema_extra=cel(("has(self.secretName) != has(self.iam)", ONE_WAY_IN)))

    secret_name: ObjectName | None = None
    """A Secret in the pool's namespace whose `key` holds `postgresql://user:password@host:port/database`. The projector
    alone reads it, as it starts: restart it after a change.
    """
    key: SecretKey = DEFAULT_URL_KEY
    """The Secret's key that holds the URL."""
    iam: TableIAM | None = None
    """RDS, with tokens of IAM."""
    port: Annotated[int, Field(ge=1, le=65535)] = DEFAULT_PORT
    """The database's port, 1 to 65535: of `iam`, and of the NetworkPolicy, as the operator reads no Secret and so no
    URL.
    """
    ca_bundle: CABundle | None = None
    """What the server's certificate is verified by. Default: the authorities that the image trusts, which RDS's are not
    among.
    """

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.secret_name is None) == (self.iam is None):
            raise ValueError(ONE_WAY_IN)
        return self


class TableDynamoDB(KubernetesModel):
    """A table of DynamoDB, in the pool's region, which is there already."""

    table_name: DynamoDBTableName
    """Its name: 3 to 255 characters."""


class ProjectorAccount(KubernetesModel):
    """Who the projector is, in the cluster and so on AWS."""

    annotations: Annotations = {}
    """Of the account that Laneway makes, `laneway-projector-` and the pool's name, such as
    `eks.amazonaws.com/role-arn`. Default: none, as for EKS Pod Identity.
    """


class Table(KubernetesModel):
    """Rows of results in a database, exactly one of `postgres` and `dynamodb`, written after each result by a projector
    of the pool's own. S3 stays the truth: a database that is down costs no job anything.
    """

    model_config = ConfigDict(json_schema_extra=cel(("has(self.postgres) != has(self.dynamodb)", ONE_TABLE)))

    postgres: TablePostgres | None = None
    """A PostgreSQL, whose schema the projector makes and brings up to date. Default: none."""
    dynamodb: TableDynamoDB | None = None
    """A table of DynamoDB. Default: none."""
    output: bool = False
    """Whether rows hold texts and what was read of them, up to 200 kB a row; beyond, only where the result is. It holds
    for jobs that end from then on.
    """
    retention: Annotated[Days, Field(json_schema_extra={"default": "90d"})] = 90 * DAY_SECONDS
    """After how many days from its job's end a row is deleted: 1d to 3650d. Results in S3 are kept as the bucket says.
    """
    service_account: ProjectorAccount = ProjectorAccount()
    """Who the projector is. It has no right to jobs, and no worker has one to the database."""

    @model_validator(mode="before")
    @classmethod
    def _say_what_to_write(cls, value: Any) -> Any:
        if isinstance(value, dict) and (value.get("postgres") is None) == (value.get("dynamodb") is None):
            raise ValueError(ONE_TABLE)
        return value

    @property
    def ports(self) -> tuple[int, ...]:
        """Where the database listens; DynamoDB as all of AWS."""
        return (self.postgres.port,) if self.postgres else ()
