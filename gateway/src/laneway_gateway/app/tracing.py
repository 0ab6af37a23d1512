"""Whether requests are traced."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway_gateway.ports.traces import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_gateway.ports.traces import Traces

TRACE_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
log = logging.getLogger(__name__)


def tracing(environment: Mapping[str, str]) -> Traces:
    """Traces go where OpenTelemetry's standard variables say; nowhere without an endpoint or without the extra."""
    if not any(environment.get(name) for name in TRACE_ENDPOINTS):
        return NO_TRACES
    try:
        from laneway_gateway.adapters.tracing import exported  # noqa: PLC0415 - an optional extra
    except ImportError:
        log.warning("there is an endpoint for traces, but no OpenTelemetry: install laneway-gateway[otel]")
        return NO_TRACES
    return exported(environment)
