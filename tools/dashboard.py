"""Grafana's dashboard: what a lane, KEDA and the operator say. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import Any

COLUMNS, WIDTH, HEIGHT = 2, 12, 8  # Grafana's grid is 24 wide
OF_POOL = 'pool=~"$pool"'
OF_LANE = 'pool=~"$pool", lane=~"$lane"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """One graph."""

    title: str
    queries: dict[str, str]
    """Legend → PromQL."""
    unit: str = "short"


def _quantile(share: float, metric: str) -> str:
    return (
        f"histogram_quantile({share}, sum by (pool, lane, le) (rate({metric}_bucket{{{OF_LANE}}}[$__rate_interval])))"
    )


def _rate(metric: str, by: str, more: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{OF_LANE}{more}}}[$__rate_interval]))"


FAILED = ', status=~"failed|expired"'
ROWS: dict[str, tuple[Panel, ...]] = {
    "Lanes": (
        Panel("Results", {"{{pool}} {{lane}} {{status}}": _rate("laneway_jobs_total", "pool, lane, status")}, "cps"),
        Panel(
            "Failures",
            {"{{pool}} {{lane}} {{code}}": _rate("laneway_jobs_total", "pool, lane, code", FAILED)},
            "cps",
        ),
        Panel(
            "Wait before the start",
            {
                "{{pool}} {{lane}} half": _quantile(0.5, "laneway_wait_seconds"),
                "{{pool}} {{lane}} 95 %": _quantile(0.95, "laneway_wait_seconds"),
            },
            "s",
        ),
        Panel(
            "Age of the message that came last",
            {"{{pool}} {{lane}}": f"max by (pool, lane) (laneway_head_of_line_seconds{{{OF_LANE}}})"},
            "s",
        ),
        Panel(
            "Run, and first token",
            {
                "{{pool}} {{lane}} run 95 %": _quantile(0.95, "laneway_run_seconds"),
                "{{pool}} {{lane}} first token 95 %": _quantile(0.95, "laneway_first_token_seconds"),
            },
            "s",
        ),
        Panel(
            "Share of slots in use",
            {
                "{{pool}} {{lane}}": f"sum by (pool, lane) (laneway_slots_busy{{{OF_LANE}}})"
                f" / sum by (pool, lane) (laneway_slots{{{OF_LANE}}})"
            },
            "percentunit",
        ),
        Panel("Tokens", {"{{pool}} {{lane}} {{direction}}": _rate("laneway_tokens_total", "pool, lane, direction")}),
        Panel(
            "Accelerator's work thrown away",
            {"{{pool}} {{lane}} {{reason}}": _rate("laneway_wasted_gpu_seconds_total", "pool, lane, reason")},
            "percentunit",
        ),
        Panel(
            "Leases lost, messages again",
            {
                "{{pool}} {{lane}} lost": _rate("laneway_leases_lost_total", "pool, lane"),
                "{{pool}} {{lane}} again": _rate("laneway_redeliveries_total", "pool, lane"),
            },
            "cps",
        ),
    ),
    "Scaling": (
        Panel(
            "Jobs in the queues, as KEDA sees them",
            {
                "{{exported_namespace}} {{scaledObject}} {{scaler}}": "max by (exported_namespace, scaledObject,"
                ' scaler) (keda_scaler_metrics_value{scaler=~"total|waiting"})'
            },
        ),
        Panel(
            "Workers ready",
            {"{{pool}} {{lane}}": f"sum by (pool, lane) (laneway_ready{{{OF_LANE}}})"},
        ),
        Panel(
            "KEDA's errors",
            {
                "{{exported_namespace}} {{scaledObject}}": "sum by (exported_namespace, scaledObject)"
                " (rate(keda_scaled_object_errors_total[$__rate_interval]) and on (exported_namespace, scaledObject)"
                ' keda_scaler_detail_errors_total{scaler="total"})'
            },
            "cps",
        ),
        Panel(
            "Jobs that wait for AWS", {"{{pool}} {{lane}}": f"sum by (pool, lane) (laneway_jobs_waiting{{{OF_LANE}}})"}
        ),
    ),
    "Gateways": (
        Panel(
            "Answers",
            {
                "{{pool}} {{door}} {{status}}": "sum by (pool, door, status)"
                f" (rate(laneway_gateway_requests_total{{{OF_POOL}}}[$__rate_interval]))"
            },
            "cps",
        ),
        Panel(
            "First words of a streamed answer",
            {
                f"{{{{pool}}}} {{{{door}}}} {words}": f"histogram_quantile({share}, sum by (pool, door, le)"
                f" (rate(laneway_gateway_first_token_seconds_bucket{{{OF_POOL}}}[$__rate_interval])))"
                for share, words in ((0.5, "half"), (0.95, "95 %"))
            },
            "s",
        ),
        Panel(
            "Requests held, and room for them",
            {
                "{{pool}} held": f"sum by (pool) (laneway_gateway_held{{{OF_POOL}}})",
                "{{pool}} at most": f"sum by (pool) (laneway_gateway_held_most{{{OF_POOL}}})",
            },
        ),
        Panel(
            "Calls to AWS that failed",
            {
                "{{pool}} {{service}}": "sum by (pool, service)"
                f" (rate(laneway_gateway_aws_troubles_total{{{OF_POOL}}}[$__rate_interval]))"
            },
            "cps",
        ),
    ),
    "The operator": (
        Panel("Pools by readiness", {"{{status}}": 'max by (status) (laneway_operator_pools{condition="Ready"})'}),
        Panel(
            "Pools with gateways, by whether one answers",
            {"{{status}}": 'max by (status) (laneway_operator_pools{condition="GatewayReady"})'},
        ),
        Panel(
            "Passes over pools",
            {"{{end}}": "sum by (end) (rate(laneway_operator_reconciles_total[$__rate_interval]))"},
            "cps",
        ),
        Panel(
            "Pools that wait for a pass",
            {
                "waiting": "max(laneway_operator_queue_depth)",
                "seconds of the first": "max(laneway_operator_queue_oldest_seconds)",
            },
        ),
        Panel(
            "Calls to the API server",
            {"{{verb}} {{code}}": "sum by (verb, code) (rate(laneway_operator_api_calls_total[$__rate_interval]))"},
            "cps",
        ),
    ),
}
VARIABLES = {"pool": "label_values(laneway_slots, pool)", "lane": "label_values(laneway_slots, lane)"}


def dashboard() -> str:
    """As Grafana imports it."""
    document = {
        "title": "Laneway",
        "uid": "laneway",
        "tags": ["laneway"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_source(), *(_variable(name, query) for name, query in VARIABLES.items())]},
        "panels": _panels(),
    }
    return json.dumps(document, indent=1) + "\n"


def _panels() -> list[dict[str, Any]]:
    numbers, made, top = count(1), list[dict[str, Any]](), 0
    for title, panels in ROWS.items():
        made.append({"id": next(numbers), "type": "row", "title": title, "gridPos": _place(0, top, 24, 1)})
        for index, panel in enumerate(panels):
            row, column = divmod(index, COLUMNS)
            place = _place(column * WIDTH, top + 1 + row * HEIGHT, WIDTH, HEIGHT)
            made.append(_graph(next(numbers), panel, place))
        top += 1 + -(-len(panels) // COLUMNS) * HEIGHT
    return made


def _graph(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": DATASOURCE, "expr": query, "legendFormat": legend}
        for index, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": targets,
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _source() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
    }
