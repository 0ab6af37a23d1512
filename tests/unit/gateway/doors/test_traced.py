"""The doors before the real desk, with real spans that are kept in memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from laneway_gateway.adapters.tracing import OpenTelemetry
from laneway_gateway.app.tracing import tracing
from laneway_gateway.desk import Tenant
from laneway_gateway.doors.app import DoorSettings, Inside, make_doors
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.pool import Pool
from laneway_gateway.ports.traces import NO_TRACES
from laneway_gateway.testing.clock import settle
from laneway_gateway.testing.figures import FakeFigures
from laneway_gateway.testing.keys import FakeKeys
from support.canary import PROMPT
from support.doors.house import BEARER, KEY, Call
from support.gateway.desks import PLACE, World
from support.inputs.documents import MODEL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from opentelemetry.sdk.trace import ReadableSpan

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GENERATE = "/api/generate"


class Traced:
    """A pool in memory behind doors that trace into memory."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        traces = OpenTelemetry(SimpleSpanProcessor(self._exporter), {})
        self.world = World(traces=traces)
        pool, clock = Pool(self.world.store, PLACE, self.world.clock), self.world.clock
        keys = FakeKeys({KEY: Tenant("claims")})
        self._calls: list[Call] = []
        self._app = make_doors(Inside(self.world.desk, pool, keys, clock, FakeFigures(), DoorSettings(), traces))

    async def ask(self, path: str = GENERATE, headers: Mapping[str, str] = BEARER, method: str = "POST") -> Call:
        call = Call(self._app, method, path, {**BEARER, **headers})
        self._calls.append(call)
        call.give(json.dumps({"model": MODEL.name, "prompt": PROMPT, "stream": False}).encode())
        await settle()
        return call

    async def answered(self, headers: Mapping[str, str] = BEARER) -> ReadableSpan:
        """The span of a request that has its answer."""
        call = await self.ask(headers=headers)
        self.world.commit(self.world.sent[-1])
        await self.world.clock.advance(5)
        assert (await call.over()).status == 200
        return self.one()

    async def close(self) -> None:
        """All clients go, then the gateway."""
        for each in self._calls:
            await each.hang_up()
        await self.world.close()

    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def one(self) -> ReadableSpan:
        (span,) = self.spans()
        return span


@pytest.fixture
async def traced() -> AsyncIterator[Traced]:
    made = Traced()
    yield made
    await made.close()


def ids(context: Any) -> tuple[str, str]:
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


async def test_a_request_has_a_span_which_its_message_carries(traced: Traced) -> None:
    span = await traced.answered()
    (sent,) = traced.world.queues.sent
    assert (span.name, span.kind, span.parent) == ("POST /api/generate", SpanKind.SERVER, None)
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": GENERATE,
        "laneway.tenant": "claims",
        "laneway.job_id": traced.world.sent[0],
    }
    assert sent.trace.keys() == {"traceparent"}
    assert sent.trace["traceparent"].rpartition("-")[0] == "00-{}-{}".format(*ids(span.context))


async def test_the_clients_trace_is_continued(traced: Traced) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "own=1"}
    span = await traced.answered(headers)
    (sent,) = traced.world.queues.sent
    assert ids(span.parent) == (TRACE, SPAN)
    assert sent.trace == {"traceparent": f"00-{TRACE}-{ids(span.context)[1]}-01", "tracestate": "own=1"}


async def test_what_its_client_does_not_sample_is_not_traced_by_workers_either(traced: Traced) -> None:
    await traced.ask(headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})
    (sent,) = traced.world.queues.sent
    assert sent.trace["traceparent"].startswith(f"00-{TRACE}-")
    assert sent.trace["traceparent"].endswith("-00")
    assert traced.spans() == []


@pytest.mark.parametrize("header", ["nonsense", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01" * 9, "\xff"])
async def test_a_trace_that_can_not_be_read_is_begun_anew(traced: Traced, header: str) -> None:
    assert (await traced.answered({"traceparent": header})).parent is None


async def test_a_state_that_takes_a_messages_room_stays_behind(traced: Traced) -> None:
    state = ",".join(f"a{number}={'x' * 250}" for number in range(30))
    await traced.answered({"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": state})
    assert traced.world.queues.sent[0].trace.keys() == {"traceparent"}


async def test_two_requests_at_once_have_traces_of_their_own(traced: Traced) -> None:
    await traced.ask()
    await traced.ask()
    assert len({each.trace["traceparent"].split("-")[1] for each in traced.world.queues.sent}) == 2


@pytest.mark.parametrize(
    ("method", "path", "name", "status"),
    [
        ("GET", "/api/version", "GET /api/version", 200),
        ("GET", "/jobs/claims-1", "GET /jobs/{job_id}", 404),
        ("PUT", GENERATE, f"PUT {GENERATE}", 405),
        ("GET", f"/{PROMPT}", "GET", 404),
        (PROMPT.split()[0].upper(), "/", "HTTP /", 405),
    ],
)
async def test_a_span_is_called_by_its_route(traced: Traced, method: str, path: str, name: str, status: int) -> None:
    await (await traced.ask(path, method=method)).over()
    span = traced.one()
    assert (span.name, (span.attributes or {})["http.response.status_code"]) == (name, status)
    assert span.status.status_code is StatusCode.UNSET
    assert PROMPT not in span.to_json()


async def test_what_is_our_fault_is_an_error_and_has_no_text(traced: Traced) -> None:
    traced.world.store.error = PoolUnreachable(PROMPT)
    await (await traced.ask()).over()
    span = traced.one()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "503"
    assert PROMPT not in span.to_json()


def test_without_an_endpoint_nothing_is_traced() -> None:
    assert tracing({"OTEL_SERVICE_NAME": "a"}) is NO_TRACES


def test_with_an_endpoint_everything_is() -> None:
    traces = tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert isinstance(traces, OpenTelemetry)
    traces.flush()
