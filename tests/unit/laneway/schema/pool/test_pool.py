from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.lane_config import LaneConfig, LaneSettings
from laneway.schema.pool.documents.lane_documents import LaneDocuments, lane_documents
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.documents.pool_document import PoolDocument, pool_document
from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.pool.queues.queue import Managed, Queue
from laneway.schema.shared.problems import problems
from support.inputs.pools import QUEUE, SETTINGS, TOPIC, pool_with

DIGEST = "sha256:" + "a" * 64


def words_of_refusal(document: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        parse_pool(document)
    return problems(caught.value)


def config_of(document: dict[str, Any], settings: LaneSettings = SETTINGS, lane: int = 0) -> LaneConfig:
    return documents_of(document, settings, lane).config


def live_of(document: dict[str, Any], settings: LaneSettings = SETTINGS) -> LiveConfig:
    return documents_of(document, settings).live


def documents_of(document: dict[str, Any], settings: LaneSettings = SETTINGS, lane: int = 0) -> LaneDocuments:
    pool = parse_pool(document)
    return lane_documents(pool, pool.spec.lanes[lane], settings)


def test_the_smallest_pool_has_documented_defaults() -> None:
    pool = parse_pool(pool_with())
    lane = pool.spec.lanes[0]
    assert pool.full_name == "default/documents"
    assert pool.results == Place(bucket="acme-llm", prefix="documents/")
    assert pool.destinations == {}
    assert pool.model_of(lane).context_length == 8192
    assert lane.queue == Queue(managed=Managed())
    assert lane.parallel == 1
    assert (lane.limits.timeout, lane.limits.expires_after) == (300, 86_400)
    assert (lane.limits.max_attempts, lane.limits.max_tokens) == (3, None)


def test_a_pool_reads_back_as_written() -> None:
    pool = parse_pool(
        pool_with(
            lane={"limits": {"timeout": "1h30m", "expiresAfter": "2h"}, "drainTimeout": "90s"},
            destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}],
            notifications={"sns": {"topicARN": TOPIC}},
            aws={"region": "eu-west-1"},
        )
    )
    written = pool.model_dump_json(by_alias=True, exclude_none=True)
    assert '"timeout":"1h30m"' in written
    assert LLMWorkerPool.model_validate_json(written) == pool


def test_kubernetes_own_metadata_is_passed_over() -> None:
    document = pool_with()
    document["metadata"] |= {
        "namespace": "nlp",
        "uid": "7",
        "labels": {"a": "b"},
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    assert parse_pool(document).full_name == "nlp/documents"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (pool_with(lane={"paralel": 2}), "spec.lanes[0].paralel: unknown field"),
        (pool_with(warmup="5m"), "spec.warmup: unknown field"),
        (pool_with(lane={"limits": {"max_tokens": 5}}), "spec.lanes[0].limits.max_tokens: unknown field"),
        (pool_with() | {"status": {}}, "status: unknown field"),
        (pool_with(lanes=[{"name": "a"}, {"name": "a"}]), "spec: two lanes have the same name, a; give each its own"),
        (
            pool_with(
                destinations=[
                    {"name": "a", "s3": {"bucket": "abc", "prefix": "a/"}},
                    {"name": "a", "s3": {"bucket": "abd", "prefix": "a/"}},
                ]
            ),
            "spec: two destinations have the same name, a; give each its own",
        ),
        (
            pool_with(destinations=[{"name": "a", "s3": {"bucket": "acme-llm", "prefix": "documents/results/"}}]),
            "spec.destinations: a: a destination and the pool's own results should not lie in each other",
        ),
        (
            pool_with(lane={"limits": {"maxTokens": 8192}}),
            "spec: lane default: limits.maxTokens (8192) should be smaller than the model's contextLength (8192)",
        ),
        (
            pool_with(lane={"model": {"name": "gemma3:1b", "contextLength": 2048}, "limits": {"maxTokens": 2048}}),
            "spec: lane default: limits.maxTokens (2048) should be smaller than the model's contextLength (2048)",
        ),
        (
            pool_with(
                lane={"queue": {"managed": {}, "external": {"url": "https://q/a", "deadLetterURL": "https://q/b"}}}
            ),
            "spec.lanes[0].queue: give exactly one of managed and external",
        ),
        (pool_with(lane={"queue": {}}), "spec.lanes[0].queue: give exactly one of managed and external"),
        (
            pool_with(lane={"queue": {"external": {"url": "https://q/a"}}}),
            "spec.lanes[0].queue.external.deadLetterURL: is missing",
        ),
        (
            pool_with(lane={"queue": {"external": {"deadLetterURL": "https://q/b"}}}),
            "spec.lanes[0].queue.external.url: is missing",
        ),
        (
            pool_with(lane={"queue": {"external": {"url": "ftp://q/a", "deadLetterURL": "https://q/b"}}}),
            "spec.lanes[0].queue.external.url: should be the URL of a queue, such as https://sqs.",
        ),
        (
            pool_with(lane={"limits": {"timeout": "10m", "expiresAfter": "9m59s"}}),
            "spec.lanes[0]: limits.expiresAfter (9m59s) should be at least limits.timeout (10m)",
        ),
        (
            pool_with(lane={"limits": {"timeout": "11h30m1s"}}),
            "spec.lanes[0].limits.timeout: should be less than or equal to 11h30m",
        ),
        (
            pool_with(lane={"limits": {"timeout": "0s"}}),
            "spec.lanes[0].limits.timeout: should be greater than or equal to 1s",
        ),
        (
            pool_with(lane={"limits": {"timeout": "soon"}}),
            "spec.lanes[0].limits.timeout: should be a duration such as 90s, 5m or 1h30m",
        ),
        (
            pool_with(lane={"limits": {"timeout": 300}}),
            "spec.lanes[0].limits.timeout: should be a duration such as 90s, 5m or 1h30m",
        ),
        (
            pool_with(lane={"limits": {"expiresAfter": "312h1s"}}),
            "spec.lanes[0].limits.expiresAfter: should be less than or equal to 312h",
        ),
        (pool_with(lane={"limits": {"maxAttempts": 0}}), "spec.lanes[0].limits.maxAttempts: should be greater than"),
        (pool_with(lane={"limits": {"maxAttempts": 11}}), "spec.lanes[0].limits.maxAttempts: should be less than"),
        (pool_with(lane={"drainTimeout": "30m1s"}), "spec.lanes[0].drainTimeout: should be less than or equal to 30m"),
        (pool_with(lane={"parallel": 0}), "spec.lanes[0].parallel: should be greater than or equal to 1"),
        (pool_with(lane={"parallel": 65}), "spec.lanes[0].parallel: should be less than or equal to 64"),
        (pool_with(lane={"parallel": True}), "spec.lanes[0].parallel: should be a whole number"),
        (pool_with(lane={"parallel": "2"}), "spec.lanes[0].parallel: should be a whole number"),
        (pool_with(lane={"name": "l" * 21}), "spec.lanes[0].name: should have at most 20 characters"),
        (pool_with(lane={"name": "Fast"}), "spec.lanes[0].name: should be small letters, digits and dashes"),
        (pool_with(lanes=[]), "spec.lanes: should have at least 1 item"),
        (
            pool_with(lanes=[{"name": f"lane-{number}"} for number in range(17)]),
            "spec.lanes: should have at most 16 items",
        ),
        (pool_with(model={"name": "gemma3:4b", "contextLength": 511}), "spec.model.contextLength: should be greater"),
        (pool_with(model={"name": "gemma3:4b", "digest": "a" * 64}), "spec.model.digest: should be a whole digest"),
        (pool_with(model={"name": "gemma 3"}), "spec.model.name: should be a model's name"),
        (pool_with(model={}), "spec.model.name: is missing"),
        (
            pool_with(results={"s3": {"bucket": "Acme"}}),
            "spec.results.s3.bucket: should be a bucket's name without s3://",
        ),
        (
            pool_with(results={"s3": {"bucket": "ab"}}),
            "spec.results.s3.bucket: should be a bucket's name without s3://",
        ),
        (
            pool_with(results={"s3": {"bucket": "acme", "prefix": "documents"}}),
            "spec.results.s3.prefix: should be parts of letters",
        ),
        (
            pool_with(results={"s3": {"bucket": "acme", "prefix": "/"}}),
            "spec.results.s3.prefix: should be parts of letters",
        ),
        (
            pool_with(results={"s3": {"bucket": "acme", "prefix": "../"}}),
            "spec.results.s3.prefix: should be parts of letters",
        ),
        (
            pool_with(results={"s3": {"bucket": "acme", "prefix": "a//"}}),
            "spec.results.s3.prefix: should be parts of letters",
        ),
        (
            pool_with(results={"s3": {"bucket": "acme", "prefix": "a" * 200 + "/"}}),
            "spec.results.s3.prefix: should have",
        ),
        (
            pool_with(notifications={"sns": {"topicARN": "results"}}),
            "spec.notifications.sns.topicARN: should be the ARN of",
        ),
        (pool_with(aws={"region": "europe"}), "spec.aws.region: should be a region"),
        (pool_with() | {"metadata": {"name": "p" * 41}}, "metadata.name: should have at most 40 characters"),
        (pool_with() | {"metadata": {"name": "-p"}}, "metadata.name: should be small letters, digits and dashes"),
        (pool_with() | {"apiVersion": "laneway.dev/v1"}, "apiVersion: should be 'laneway.dev/v1alpha1'"),
        (pool_with() | {"kind": "Pool"}, "kind: should be 'LLMWorkerPool'"),
        ({}, "apiVersion: is missing"),
        (None, "should be an object"),
        ([], "should be an object"),
    ],
)
def test_what_is_wrong_with_a_pool_is_said(document: Any, words: str) -> None:
    assert words_of_refusal(document).startswith(words)


@pytest.mark.parametrize(
    "lane",
    [
        {"limits": {"timeout": "11h30m"}},
        {"limits": {"expiresAfter": "312h"}},
        {"limits": {"timeout": "10m", "expiresAfter": "10m"}},
        {"limits": {"maxTokens": 8191}},
        {"drainTimeout": "30m"},
        {"parallel": 64},
        {"name": "l" * 20},
        {"queue": {"external": {"url": "https://sqs.eu-west-1.amazonaws.com/1/a", "deadLetterURL": "https://q/b"}}},
    ],
    ids=str,
)
def test_the_bounds_themselves_are_accepted(lane: dict[str, Any]) -> None:
    assert len(parse_pool(pool_with(lane=lane)).spec.lanes) == 1


def test_sixteen_lanes_and_forty_characters_are_accepted() -> None:
    document = pool_with(lanes=[{"name": f"lane-{number}"} for number in range(16)])
    document["metadata"] = {"name": "p" * 40}
    assert len(parse_pool(document).spec.lanes) == 16


def test_equal_pools_give_equal_configs() -> None:
    assert documents_of(pool_with()) == documents_of(pool_with())
    assert documents_of(pool_with()).model_dump_json() == documents_of(pool_with()).model_dump_json()


def test_a_config_says_what_the_pool_says() -> None:
    config = config_of(pool_with(results={"s3": {"bucket": "acme-llm", "prefix": "a/b/"}}, lane={"parallel": 4}))
    assert (config.pool, config.lane, config.parallel) == ("default/documents", "default", 4)
    assert config.results == Place(bucket="acme-llm", prefix="a/b/")
    assert config.queue == QUEUE
    limits = live_of(pool_with()).limits
    assert (limits.timeout_seconds, limits.max_tokens) == (300, 2048)


def test_results_lie_below_the_pools_name_by_default() -> None:
    assert config_of(pool_with()).results.result("a") == "documents/results/a.json"


def test_a_destination_without_a_prefix_is_the_bucket_itself() -> None:
    live = live_of(pool_with(destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}]))
    assert live.destinations == {"legal": Place(bucket="acme-legal", prefix="llm/")}


def test_a_lanes_model_replaces_the_pools() -> None:
    own = {"name": "gemma3:1b", "digest": DIGEST, "contextLength": 4096}
    config = config_of(pool_with(lanes=[{"name": "own", "model": own}, {"name": "pool"}]))
    other = config_of(pool_with(lanes=[{"name": "own", "model": own}, {"name": "pool"}]), lane=1)
    assert (config.model.name, config.model.digest, config.model.context_length) == ("gemma3:1b", DIGEST, 4096)
    assert (other.model.name, other.model.digest, other.model.context_length) == ("gemma3:4b", None, 8192)


def test_the_pools_region_and_the_resolved_topic_count() -> None:
    settings = SETTINGS.model_copy(update={"topic_arn": TOPIC + "-settings"})
    own = documents_of(pool_with(notifications={"sns": {"topicARN": TOPIC}}, aws={"region": "eu-west-1"}), settings)
    none = documents_of(pool_with(), settings)
    unresolved = live_of(pool_with(notifications={"sns": {"topicARN": TOPIC}}))
    assert (own.live.topic_arn, own.config.region) == (TOPIC + "-settings", "eu-west-1")
    assert unresolved.topic_arn == TOPIC
    assert (none.live.topic_arn, none.config.region) == (TOPIC + "-settings", "eu-central-1")


def test_the_region_of_a_queues_url_is_the_pools() -> None:
    queue = {"external": {"url": QUEUE.url, "deadLetterURL": QUEUE.dead_letter_url}}
    assert config_of(pool_with(lane={"queue": queue})).region == "eu-west-1"


@pytest.mark.parametrize(
    ("lane", "seconds"),
    [
        ({}, 300),
        ({"limits": {"timeout": "1h"}}, 1800),
        ({"limits": {"timeout": "30m"}}, 1800),
        ({"limits": {"timeout": "1h"}, "drainTimeout": "1m"}, 60),
        ({"limits": {"timeout": "1m"}, "drainTimeout": "10m"}, 600),
    ],
)
def test_draining_takes_as_long_as_a_job_but_at_most_half_an_hour(lane: dict[str, Any], seconds: int) -> None:
    assert config_of(pool_with(lane=lane)).drain_seconds == seconds


@pytest.mark.parametrize(("timeout", "gap"), [("10s", 10), ("2m", 120), ("10m", 120)])
def test_no_wait_for_a_token_is_longer_than_the_timeout(timeout: str, gap: int) -> None:
    assert live_of(pool_with(lane={"limits": {"timeout": timeout}})).limits.token_gap_seconds == gap


def test_a_config_survives_its_file() -> None:
    document = pool_with(
        lane={"parallel": 3},
        destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}],
        notifications={"sns": {"topicARN": TOPIC}},
        model={"name": "gemma3:4b", "digest": DIGEST},
    )
    settings = SETTINGS.model_copy(update={"price_per_hour": 0.5, "endpoint": "http://127.0.0.1:1"})
    config, live = config_of(document, settings), live_of(document, settings)
    assert LaneConfig.model_validate_json(config.model_dump_json()) == config
    assert LiveConfig.model_validate_json(live.model_dump_json()) == live


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("visibility_seconds", 24),
        ("visibility_seconds", 601),
        ("poll_seconds", 0),
        ("poll_seconds", 21),
        ("price_per_hour", -0.1),
    ],
)
def test_settings_have_bounds(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        LaneSettings.model_validate(SETTINGS.model_dump() | {field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ollama_url", "http://127.0.0.1:11434/api"),
        ("health_address", ":8080"),
        ("health_address", "localhost:8080"),
        ("health_address", "::1:8080"),
        ("health_address", "[::1]"),
        ("version", 2),
        ("surprise", 1),
    ],
)
def test_a_config_that_no_worker_could_use_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        LaneConfig.model_validate(config_of(pool_with()).model_dump() | {field: value})


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "[::]:8080", "[::1]:0", "[fd00:10:96::7]:8080"])
def test_probes_are_served_at_addresses_of_either_family(address: str) -> None:
    document = config_of(pool_with()).model_dump() | {"health_address": address}
    assert LaneConfig.model_validate(document).health_address == address


def test_the_pool_document_lists_lanes_and_destinations_in_the_pools_order() -> None:
    document = pool_with(
        lanes=[{"name": "slow"}, {"name": "fast"}, {"name": "a"}],
        destinations=[
            {"name": name, "s3": {"bucket": f"acme-{name}", "prefix": "llm/"}} for name in ("legal", "archive")
        ],
    )
    published = pool_document([documents_of(document, lane=lane) for lane in range(3)])
    assert [lane.name for lane in published.lanes] == ["slow", "fast", "a"]
    assert published.destinations == ("legal", "archive")
    assert (published.pool, published.region) == ("default/documents", "eu-central-1")
    assert PoolDocument.model_validate_json(published.model_dump_json()) == published


def test_the_pool_document_tells_nothing_but_what_senders_need() -> None:
    published = pool_document([documents_of(pool_with())]).lanes[0]
    assert set(published.model_dump()) == {"name", "queue", "model", "limits"}


@pytest.mark.parametrize(("context", "most"), [(8192, 2048), (4096, 2048), (1024, 512)])
def test_an_answer_may_take_half_a_small_context_by_default(context: int, most: int) -> None:
    pool = parse_pool(pool_with(lane={"model": {"name": "gemma3:1b", "contextLength": context}}))
    assert pool.max_tokens_of(pool.spec.lanes[0]) == most


@pytest.mark.parametrize("field", ["labels", "annotations"])
@pytest.mark.parametrize("key", ["cost center", "/a", "a/b/c", "-a", "A.example/a", "a" * 64, ""])
def test_a_pods_key_is_as_in_kubernetes(field: str, key: str) -> None:
    with pytest.raises(ValidationError, match=": a key should be as in Kubernetes, such as team or"):
        parse_pool(pool_with(pods={field: {key: "a"}}))


def test_an_accounts_annotation_has_a_name_as_in_kubernetes() -> None:
    with pytest.raises(ValidationError, match="role arn: an annotation's name should be as in Kubernetes"):
        parse_pool(pool_with(serviceAccount={"annotations": {"role arn": "a"}}))
