from __future__ import annotations

import pytest

from laneway.schema.job.keys import Place
from laneway_gateway.adapters.counted import CountedQueues, CountedStore, Troubles
from laneway_gateway.adapters.metrics import Metrics
from laneway_gateway.desk import Limit
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.testing.pool import MemoryQueues, MemoryStore

PLACE = Place(bucket="acme-llm")


def series(metrics: Metrics) -> list[str]:
    return [each for each in metrics.text().decode().splitlines() if not each.startswith("#")]


def test_each_request_counts_by_door_route_and_status() -> None:
    metrics = Metrics("nlp/documents")
    metrics.answered("openai", "/v1/chat/completions", 200, 2.5)
    metrics.answered("openai", "/v1/chat/completions", 499, 0.5)
    metrics.first_token("openai", 0.3)
    found = series(metrics)
    labels = 'door="openai",path="/v1/chat/completions",pool="nlp/documents"'
    assert f'laneway_gateway_requests_total{{{labels},status="200"}} 1.0' in found
    assert f'laneway_gateway_requests_total{{{labels},status="499"}} 1.0' in found
    assert 'laneway_gateway_request_seconds_sum{door="openai",pool="nlp/documents"} 3.0' in found
    assert 'laneway_gateway_first_token_seconds_bucket{door="openai",le="0.35",pool="nlp/documents"} 1.0' in found


def test_gauges_are_what_is_so_when_somebody_asks() -> None:
    metrics = Metrics("nlp/documents")
    metrics.held(4)
    metrics.room(1000, 4096)
    metrics.watch_memory(lambda: 7)
    metrics.watch_streams(lambda: 3)
    metrics.watch_ready(lambda: True)
    metrics.watch_keys(lambda: True)
    own = '{pool="nlp/documents"}'
    told = {"held": 4.0, "held_most": 1000.0, "streams": 3.0, "ready": 1.0, "keys_broken": 1.0}
    told |= {"memory_bytes": 7.0, "memory_bytes_most": 4096.0}
    assert {f"laneway_gateway_{name}{own} {value}" for name, value in told.items()} <= set(series(metrics))


def test_quotas_are_those_of_the_keys_that_there_are() -> None:
    metrics = Metrics("nlp/documents")
    metrics.over_quota("claims", "tokensPerDay")
    metrics.watch_quotas(lambda: [("claims", Limit("tokensPerDay", "tokens", 100, 120))], lambda: 7.0)
    labels = '{pool="nlp/documents",quota="tokensPerDay",tenant="claims"}'
    told = {f"quota_used{labels} 120.0", f"quota_limit{labels} 100.0", f"quota_refused_total{labels} 1.0"}
    told.add('quota_silence_seconds{pool="nlp/documents"} 7.0')
    assert {f"laneway_gateway_{each}" for each in told} <= {
        each.replace('tenant="claims",quota="tokensPerDay"', 'quota="tokensPerDay",tenant="claims"')
        for each in series(metrics)
    }
    metrics.watch_quotas(lambda: (), lambda: 0.0)
    assert not [each for each in series(metrics) if each.startswith("laneway_gateway_quota_used")]


def test_every_series_is_on_the_page() -> None:
    metrics = Metrics("nlp/documents")
    metrics.over_quota("claims", "tokensPerDay")
    metrics.watch_quotas(lambda: [("claims", Limit("tokensPerDay", "tokens", 100, 120))], lambda: 7.0)
    metrics.answered("openai", "/", 200, 1.0)
    metrics.first_token("openai", 1.0)
    metrics.trouble("s3")
    metrics.held(0)
    ends = ("_bucket", "_sum", "_count")
    names = {each.partition("{")[0] for each in series(metrics)}
    bare = {next((name.removesuffix(end) for end in ends if name.endswith(end)), name) for name in names}
    assert bare <= {each.name for each in metrics.described}


async def test_what_s3_and_sqs_refuse_is_counted_and_goes_on() -> None:
    metrics, troubles, store = Metrics("nlp/documents"), Troubles(), MemoryStore()
    counted, queues = CountedStore(store, troubles), CountedQueues(MemoryQueues(store, PLACE), troubles)
    store.error = PoolUnreachable("away")
    with pytest.raises(PoolUnreachable):
        await counted.read("pool.json")  # before there is anybody to count
    troubles.counts = metrics
    for call in (counted.read("a"), counted.put_new("a", b""), counted.replace("a", b"", ""), counted.delete("a", "")):
        with pytest.raises(PoolUnreachable):
            await call
    with pytest.raises(PoolUnreachable):
        await counted.keys("a")
    with pytest.raises(PoolUnreachable):
        await counted.etags("a")
    with pytest.raises(PoolUnreachable):
        await queues.figures("url")
    store.error = None
    assert await counted.put_new("a", b"there") is not None
    found = series(metrics)
    assert 'laneway_gateway_aws_troubles_total{pool="nlp/documents",service="s3"} 6.0' in found
    assert 'laneway_gateway_aws_troubles_total{pool="nlp/documents",service="sqs"} 1.0' in found
