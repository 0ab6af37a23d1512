"""Traces by OpenTelemetry (the extra `otel`). Needs the packages; whoever imports this expects ImportError."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor

    from laneway_worker.ports.queue import Delivery

FLUSH_MILLISECONDS = 3000  # a collector that is gone must not hold up a worker that leaves
W3C = ("traceparent", "tracestate")
"""Message attributes: https://www.w3.org/TR/trace-context/."""
XRAY = re.compile(r"Root=1-(?P<time>[0-9a-f]{8})-(?P<rest>[0-9a-f]{24});Parent=(?P<span>[0-9a-f]{16})")
"""https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader."""


def exported(environment: Mapping[str, str], attributes: Mapping[str, str]) -> OpenTelemetry:
    """Spans go where the standard variables say (OTEL_EXPORTER_OTLP_ENDPOINT and its like)."""
    given = dict(attributes)
    if "OTEL_SERVICE_NAME" not in environment:
        given[SERVICE_NAME] = "laneway-worker"
    return OpenTelemetry(BatchSpanProcessor(OTLPSpanExporter()), given)


class OpenTelemetry:
    """Spans of one process. They hold ids, codes, counts and seconds; no exception's text."""

    def __init__(self, processor: SpanProcessor, attributes: Mapping[str, str]) -> None:
        """`attributes` tell which process this is."""
        self._provider = TracerProvider(resource=Resource.create(dict(attributes)), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("laneway_worker")

    @contextmanager
    def job(self, delivery: Delivery) -> Iterator[None]:
        """A span that continues the sender's, by its message attributes or else by X-Ray's header."""
        about = {
            "messaging.system": "aws_sqs",
            "messaging.operation.type": "process",
            "messaging.message.id": delivery.message_id,
            "laneway.receives": delivery.receive_count,
        }
        with self._span("process job", _sender(delivery), SpanKind.CONSUMER, about):
            yield

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A span below the thread's job."""
        if not trace.get_current_span().is_recording():
            yield
            return
        with self._span(name):
            yield

    def tell(self, fields: Mapping[str, object]) -> None:
        """The fields as attributes; a code marks the job as failed."""
        span = trace.get_current_span()
        span.set_attributes({f"laneway.{name}": _shown(value) for name, value in fields.items() if value is not None})
        if fields.get("code") is not None:
            span.set_status(Status(StatusCode.ERROR, str(fields["code"])))

    def flush(self) -> None:
        """Send what is left."""
        self._provider.force_flush(FLUSH_MILLISECONDS)

    def _span(
        self, name: str, context: Context | None = None, kind: SpanKind = SpanKind.INTERNAL, about: Any = None
    ) -> Any:
        return self._tracer.start_as_current_span(
            name, context, kind, about, record_exception=False, set_status_on_exception=False
        )


def _shown(value: object) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _sender(delivery: Delivery) -> Context | None:
    values = {name: delivery.attributes.get(name, {}).get("StringValue") for name in W3C}
    carrier = {name: value for name, value in values.items() if value}
    if "traceparent" in carrier:
        return TraceContextTextMapPropagator().extract(carrier)
    found = XRAY.match(delivery.trace_header or "")
    return _by_xray(found, delivery.trace_header or "") if found else None


def _by_xray(found: re.Match[str], header: str) -> Context:
    sampled = TraceFlags(TraceFlags.DEFAULT if "Sampled=0" in header else TraceFlags.SAMPLED)
    trace_id, span_id = int(found["time"] + found["rest"], 16), int(found["span"], 16)
    return trace.set_span_in_context(
        NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=sampled))
    )
