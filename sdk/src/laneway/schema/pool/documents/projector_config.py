"""`ProjectorConfig`: the document that a pool's projector, and the commands of its table, read once as they start."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.lane_config import HealthAddress
from laneway.schema.pool.places import DynamoDBTableName, HostName, SQLName
from laneway.schema.pool.queues.queue import QueueURL
from laneway.schema.shared.base import Frozen

DAY_SECONDS = 24 * 3600
SHORTEST_RETENTION_SECONDS = 3600
LONGEST_RETENTION_SECONDS = 3660 * DAY_SECONDS  # ten years
ONE_STORE = "name exactly one of postgres, dynamodb and sqlite"
ONE_WAY_IN = "give postgres exactly one of url_file and iam"

FilePath = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class PostgresIAM(Frozen):
    """A database of RDS that is entered with tokens of the projector's own AWS identity."""

    host: HostName
    """Its endpoint."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    """Its port."""
    database: SQLName
    """The database."""
    user: SQLName
    """The role, which has `rds_iam`."""


class PostgresStore(Frozen):
    """A PostgreSQL, by exactly one way in. But for loopback and sockets, TLS is verified."""

    url_file: FilePath | None = None
    """A file whose only line is `postgresql://user:password@host:port/database`."""
    iam: PostgresIAM | None = None
    """Or no password at all."""
    ca_file: FilePath | None = None
    """The certificates that its server is verified by. Default: those of the machine."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.url_file is None) == (self.iam is None):
            raise ValueError(ONE_WAY_IN)
        return self


class DynamoDBStore(Frozen):
    """A table of DynamoDB, which is there already, in the document's region."""

    table_name: DynamoDBTableName
    """Its name: 3 to 255 characters."""


class SQLiteStore(Frozen):
    """A file on this machine."""

    path: FilePath
    """The file, made where it is missing; its folder is there already."""


class Store(Frozen):
    """Where rows are: exactly one."""

    postgres: PostgresStore | None = None
    """A PostgreSQL."""
    dynamodb: DynamoDBStore | None = None
    """A table of DynamoDB."""
    sqlite: SQLiteStore | None = None
    """A file, for a pool on one machine."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(each is not None for each in (self.postgres, self.dynamodb, self.sqlite)) != 1:
            raise ValueError(ONE_STORE)
        return self

    @property
    def chosen(self) -> PostgresStore | DynamoDBStore | SQLiteStore:
        """The one that there is."""
        return next(each for each in (self.postgres, self.dynamodb, self.sqlite) if each is not None)


class ProjectorConfig(Frozen):
    """What a projector is started with: a change of it replaces the projector."""

    version: Literal[1] = 1
    """Of this document's form."""
    pool: Annotated[str, StringConstraints(max_length=320)]
    """`namespace/name`: rows of other pools may stand in the same table."""
    events_queue_url: QueueURL
    """Where results' events come from."""
    region: Annotated[str, StringConstraints(max_length=64)]
    """AWS region of the queue, the results and DynamoDB."""
    endpoint: Annotated[str, StringConstraints(max_length=2048)] | None = None
    """The endpoint of an AWS emulator; nothing for AWS itself."""
    results: Place
    """Where the results are, for `laneway table rebuild` and `check`."""
    output: bool = False
    """Whether rows hold texts, up to 200 kB of each row."""
    retention_seconds: Annotated[int, Field(ge=SHORTEST_RETENTION_SECONDS, le=LONGEST_RETENTION_SECONDS)]
    """After how many seconds from its job's end a row is deleted."""
    store: Store
    """Where the rows go."""
    health_address: HealthAddress
    """Where probes and metrics are served."""
