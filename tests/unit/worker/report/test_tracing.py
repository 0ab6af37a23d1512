from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from laneway_worker.adapters.tracing import OpenTelemetry
from laneway_worker.answer.prepared import prepared
from laneway_worker.app import tracing
from laneway_worker.errors import EngineCrashed
from laneway_worker.live import Live
from laneway_worker.ports.trace import NO_TRACE
from laneway_worker.serving import Worker
from laneway_worker.testing.checker import DirectChecker
from laneway_worker.testing.runtime import Held
from support.canary import PROMPT
from support.worker.lane import documents_with

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from support.worker.lane import Lane, MakeLane

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
XRAY = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1"


class Traced:
    """A lane whose worker traces into memory."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._exporter = InMemorySpanExporter()
        trace = OpenTelemetry(SimpleSpanProcessor(self._exporter), {"laneway.lane": "fast"})
        parts = (lane.queue, lane.store, lane.notifier, lane.events, lane.runtime, DirectChecker(prepared), lane.clock)
        lane.worker = Worker(lane.config, Live(documents_with().live), "worker-1", *parts, trace=trace)
        lane.start()

    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def one(self, name: str) -> ReadableSpan:
        (span,) = [each for each in self.spans() if each.name == name]
        return span

    def sent(self, attributes: dict[str, Any] | None = None, trace_header: str | None = None) -> ReadableSpan:
        """The span of a job that came with these."""
        self.lane.queue.send(b'{"prompt": "a"}', attributes, trace_header=trace_header)
        self.lane.settle()
        return self.one("process job")


@pytest.fixture
def traced(make_lane: MakeLane) -> Traced:
    return Traced(make_lane(start=False))


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def parent_of(span: ReadableSpan) -> tuple[str, str] | None:
    parent = span.parent
    return parent and (f"{parent.trace_id:032x}", f"{parent.span_id:016x}")


def test_a_job_has_a_span_with_its_generation_and_its_commit(traced: Traced) -> None:
    job = traced.sent()
    assert job.kind is SpanKind.CONSUMER
    assert [each.name for each in traced.spans()] == ["generate", "commit", "process job"]
    for name in ("generate", "commit"):
        assert traced.one(name).parent == job.context


@pytest.mark.parametrize(
    ("attributes", "header"),
    [
        ({"traceparent": text(f"00-{TRACE}-{SPAN}-01")}, None),
        ({"traceparent": text(f"00-{TRACE}-{SPAN}-01"), "tracestate": text("own=1")}, "Root=1-0-0"),
        (None, XRAY),
        ({"other": text("a")}, XRAY + ";Lineage=a:1"),
    ],
    ids=["W3C", "W3C first", "X-Ray", "X-Ray with more"],
)
def test_the_senders_trace_is_continued(traced: Traced, attributes: dict[str, Any] | None, header: str | None) -> None:
    assert parent_of(traced.sent(attributes, header)) == (TRACE, SPAN)


@pytest.mark.parametrize(
    ("attributes", "header"),
    [
        (None, None),
        ({"traceparent": text("nonsense")}, None),
        ({"traceparent": {"DataType": "Binary", "BinaryValue": b"\xff"}}, None),
        (None, "Root=nonsense"),
        (None, f"Root=1-{'0' * 8}-{'0' * 24};Parent={'0' * 16}"),
    ],
)
def test_a_trace_that_can_not_be_read_is_begun_anew(
    traced: Traced, attributes: dict[str, Any] | None, header: str | None
) -> None:
    job = traced.sent(attributes, header)
    assert parent_of(job) is None
    assert (job.attributes or {})["laneway.status"] == "succeeded"


def test_what_its_sender_does_not_sample_is_not_traced(traced: Traced) -> None:
    traced.lane.queue.send(b'{"prompt": "a"}', {"traceparent": text(f"00-{TRACE}-{SPAN}-00")})
    traced.lane.settle()
    assert traced.spans() == []


def test_a_span_tells_counts_and_codes_and_no_text(traced: Traced) -> None:
    traced.lane.run(id="a", prompt=PROMPT, model=PROMPT)
    job = traced.one("process job")
    told = dict(job.attributes or {})
    assert (told["laneway.id"], told["laneway.code"], told["laneway.end"]) == ("a", "unknown_model", "committed")
    assert job.status.status_code is StatusCode.ERROR
    assert PROMPT not in "".join(each.to_json() for each in traced.spans())


def test_an_error_inside_leaves_no_text_in_its_span(make_lane: MakeLane) -> None:
    traced = Traced(make_lane(EngineCrashed(PROMPT), EngineCrashed(PROMPT), start=False))
    traced.lane.run(id="a")
    assert [each.name for each in traced.spans()].count("generate") >= 1
    assert PROMPT not in "".join(each.to_json() for each in traced.spans())


def test_jobs_of_one_worker_have_traces_of_their_own(make_lane: MakeLane) -> None:
    first, second = Held(), Held()
    traced = Traced(make_lane(first, second, start=False, parallel=2))
    traced.lane.send(id="a")
    traced.lane.run(id="b")
    traced.lane.let_go(first)
    traced.lane.let_go(second)
    jobs = [each for each in traced.spans() if each.name == "process job"]
    assert len({each.context and each.context.trace_id for each in jobs}) == 2


def test_what_goes_back_unworked_has_no_span(traced: Traced) -> None:
    traced.lane.worker.consumer.drain()
    traced.lane.run(id="a")
    assert traced.spans() == []


def test_without_an_endpoint_nothing_is_traced() -> None:
    assert tracing(documents_with().config, {"OTEL_SERVICE_NAME": "a"}) is NO_TRACE


def test_with_an_endpoint_everything_is() -> None:
    trace = tracing(documents_with().config, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert isinstance(trace, OpenTelemetry)
    trace.flush()
