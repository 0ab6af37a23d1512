"""Traces by OpenTelemetry (the extra `otel`). Needs the packages; whoever imports this expects ImportError."""

from __future__ import annotations

from http import HTTPMethod, HTTPStatus
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from opentelemetry.sdk.trace import SpanProcessor

FLUSH_MILLISECONDS = 3000  # a collector that is gone must not hold up a gateway that leaves
MOST_CARRIED = 512  # characters: so many W3C wants passed on, and a message has not room for any number
W3C = ("traceparent", "tracestate")
"""Headers: https://www.w3.org/TR/trace-context/."""
OTHER = "_OTHER"
"""A method that is none of HTTP's: https://opentelemetry.io/docs/specs/semconv/http/http-spans/."""


def exported(environment: Mapping[str, str]) -> OpenTelemetry:
    """Spans go where the standard variables say (OTEL_EXPORTER_OTLP_ENDPOINT and its like)."""
    named = {} if "OTEL_SERVICE_NAME" in environment else {SERVICE_NAME: "laneway-gateway"}
    return OpenTelemetry(BatchSpanProcessor(OTLPSpanExporter()), named)


class OpenTelemetry:
    """Spans of one process. They hold methods, routes, statuses and ids; no path, and no text."""

    def __init__(self, processor: SpanProcessor, attributes: Mapping[str, str]) -> None:
        """`attributes` tell which process this is."""
        self._provider = TracerProvider(resource=Resource.create(dict(attributes)), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("laneway_gateway")
        self._written = TraceContextTextMapPropagator()

    def request(self, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """A span that continues the client's."""
        context = self._written.extract({name: headers[name] for name in W3C if name in headers})
        return self._tracer.start_as_current_span(
            "HTTP", context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        )

    def tell(self, method: str, route: str | None, status: int, ids: Mapping[str, str]) -> None:
        """By the names of OpenTelemetry's conventions; an answer of 500 and more is an error."""
        span = trace.get_current_span()
        known = method if method in HTTPMethod.__members__ else OTHER
        about: dict[str, Any] = {"http.request.method": known, "http.response.status_code": status}
        about |= {"http.route": route} if route else {}
        span.update_name(" ".join(each for each in ("HTTP" if known == OTHER else known, route) if each))
        span.set_attributes(about | {f"laneway.{name}": each for name, each in ids.items()})
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_attribute("error.type", str(status))
            span.set_status(Status(StatusCode.ERROR))

    def carrier(self) -> Mapping[str, str]:
        """As it goes into a message's attributes."""
        found: dict[str, str] = {}
        self._written.inject(found)
        return {name: each for name, each in found.items() if len(each) <= MOST_CARRIED}

    def flush(self) -> None:
        """Send what is left."""
        self._provider.force_flush(FLUSH_MILLISECONDS)
