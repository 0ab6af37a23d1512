from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from laneway.schema.pool.documents.projector_config import ONE_STORE, ONE_WAY_IN, ProjectorConfig
from laneway.schema.shared.problems import problems

DOCUMENT: dict[str, Any] = {
    "pool": "team-a/documents",
    "events_queue_url": "https://sqs.eu-west-1.amazonaws.com/111122223333/laneway-documents-events",
    "region": "eu-west-1",
    "results": {"bucket": "acme-llm", "prefix": "documents/"},
    "retention_seconds": 90 * 24 * 3600,
    "store": {"postgres": {"url_file": "/etc/laneway-table/url"}},
    "health_address": "0.0.0.0:8080",
}
IAM = {"host": "jobs.abc123.eu-west-1.rds.amazonaws.com", "database": "laneway", "user": "laneway_writer"}


def read(**changed: Any) -> ProjectorConfig:
    return ProjectorConfig.model_validate_json(json.dumps(DOCUMENT | changed))


@pytest.mark.parametrize(
    "store",
    [
        {"postgres": {"url_file": "/etc/laneway-table/url", "ca_file": "/etc/laneway-ca/ca.pem"}},
        {"postgres": {"iam": IAM}},
        {"dynamodb": {"table_name": "laneway-documents"}},
        {"sqlite": {"path": ".laneway/table.sqlite"}},
    ],
)
def test_every_store_is_read_back_as_it_was_written(store: dict[str, Any]) -> None:
    config = read(store=store)
    assert ProjectorConfig.model_validate_json(config.model_dump_json()) == config
    assert config.store.chosen.model_dump(exclude_defaults=True) == next(iter(store.values()))


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ({}, ONE_STORE),
        ({"sqlite": {"path": "x"}, "dynamodb": {"table_name": "laneway"}}, ONE_STORE),
        ({"postgres": {}}, ONE_WAY_IN),
        ({"postgres": {"url_file": "/url", "iam": IAM}}, ONE_WAY_IN),
        ({"postgres": {"iam": IAM | {"host": "jobs/../x"}}}, "should be a host's name"),
        ({"postgres": {"iam": IAM | {"user": "a b"}}}, "should be letters"),
    ],
)
def test_what_is_wrong_with_a_store_is_said(store: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(store=store)
    assert words in problems(refused.value)
