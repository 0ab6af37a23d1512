"""Pool documents as people write them."""

from __future__ import annotations

from typing import Any

from laneway.schema.pool.documents.lane_config import LaneSettings
from laneway.schema.pool.queues.queue import QueueURLs

QUEUE = QueueURLs(
    url="https://sqs.eu-west-1.amazonaws.com/123456789012/laneway-documents-default",
    dead_letter_url="https://sqs.eu-west-1.amazonaws.com/123456789012/laneway-documents-default-dead",
)
SETTINGS = LaneSettings(queue=QUEUE, region="eu-central-1")
NAMESPACE = "nlp"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:results"


def pool_with(*, lane: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """The smallest pool, with fields of its one lane and of its spec added or replaced."""
    return {
        "apiVersion": "laneway.dev/v1alpha1",
        "kind": "LLMWorkerPool",
        "metadata": {"name": "documents"},
        "spec": {
            "model": {"name": "gemma3:4b"},
            "results": {"s3": {"bucket": "acme-llm"}},
            "lanes": [{"name": "default"} | (lane or {})],
        }
        | spec,
    }


def named(document: dict[str, Any], name: str = "documents", namespace: str = NAMESPACE) -> dict[str, Any]:
    """The document under another name."""
    return document | {"metadata": {"name": name, "namespace": namespace}}
