"""What the projector is started with. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.documents.projector_config import (
    DynamoDBStore,
    PostgresIAM,
    PostgresStore,
    ProjectorConfig,
    Store,
)
from laneway_operator.render.view import HEALTH_ADDRESS

if TYPE_CHECKING:
    from laneway.schema.pool.table import Table, TablePostgres
    from laneway_operator.render.view import PoolView

URL_FOLDER, URL_FILE = "/etc/laneway-table", "url"
BUNDLE_FOLDER, BUNDLE_FILE = "/etc/laneway-ca", "ca.pem"


def document(pool: PoolView, said: Table) -> str:
    """A ProjectorConfig, as JSON."""
    return ProjectorConfig(
        pool=pool.pool.full_name,
        events_queue_url=pool.events_queue_url or "",
        region=pool.pool.region_or(pool.settings.region),
        endpoint=pool.settings.endpoint,
        results=pool.pool.results,
        output=said.output,
        retention_seconds=said.retention,
        store=_store(said),
        health_address=HEALTH_ADDRESS,
    ).model_dump_json()


def _store(said: Table) -> Store:
    if said.dynamodb is not None:
        return Store(dynamodb=DynamoDBStore(table_name=said.dynamodb.table_name))
    assert said.postgres is not None  # noqa: S101 - because a table is exactly one of the two: the model says so
    return Store(postgres=_postgres(said.postgres))


def _postgres(said: TablePostgres) -> PostgresStore:
    bundle = f"{BUNDLE_FOLDER}/{BUNDLE_FILE}" if said.ca_bundle else None
    if said.iam is None:
        return PostgresStore(url_file=f"{URL_FOLDER}/{URL_FILE}", ca_file=bundle)
    iam = PostgresIAM(host=said.iam.host, port=said.port, database=said.iam.database, user=said.iam.user)
    return PostgresStore(iam=iam, ca_file=bundle)
