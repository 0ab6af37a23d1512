"""A real Prometheus on loopback that reads a chart's rules with shorter times."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import urllib3
import yaml

from support.processes import free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from support.toolchain.toolbox import Toolbox

MINUTES = {"m": 1, "h": 60, "d": 1440}
IN_EXPRESSION = re.compile(r"(?<=\[)\d+[mhd](?=\])|(?<=offset )\d+[mhd]\b")
ANSWER_SECONDS = 10.0
SCRAPES = "3s"  # a page that is late is a gap, and an alert's time begins anew: on a loaded machine one takes a second


def hastened(rules: Mapping[str, Any], seconds: Mapping[str, float]) -> dict[str, Any]:
    """A PrometheusRule's `spec` whose minutes are seconds, or so many of them for an alert; thresholds stay."""
    return {**rules, "groups": [_group(each, seconds) for each in rules["groups"]]}


def _group(group: dict[str, Any], seconds: Mapping[str, float]) -> dict[str, Any]:
    often = {"interval": _shorter(group["interval"], 1.0)} if "interval" in group else {}
    return {**group, **often, "rules": [_rule(each, seconds) for each in group["rules"]]}


def _rule(rule: dict[str, Any], seconds: Mapping[str, float]) -> dict[str, Any]:
    minute = seconds.get(rule.get("alert", ""), 1.0)
    expression = IN_EXPRESSION.sub(lambda found: _shorter(found[0], minute), rule["expr"])
    lasting = {"for": _shorter(rule["for"], minute)} if "for" in rule else {}
    return {**rule, "expr": expression, **lasting}


def _shorter(duration: str, minute: float) -> str:
    return f"{int(duration[:-1]) * MINUTES[duration[-1]] * minute * 1000:.0f}ms"


class Prometheus:
    """One that runs; what it scrapes may change."""

    def __init__(self, url: str, file: Path) -> None:
        self._url = url
        self._file = file
        self._targets: dict[str, tuple[str, dict[str, str]]] = {}

    def scrape(self, job: str, address: str, **labels: str) -> None:
        """From now on, the page /metrics at an address, with labels beside its own, as of a pod."""
        self._targets[job] = address, labels
        self._reload()

    def leave(self, job: str) -> None:
        """No more: its series end, as those of a pod that has gone."""
        del self._targets[job]
        self._reload()

    def firing(self) -> set[str]:
        """The alerts that fire now."""
        return {each["labels"]["alertname"] for each in self._get("alerts")["alerts"] if each["state"] == "firing"}

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that a query has now."""
        return list(self._get("query", query=query)["result"])

    def troubles(self) -> list[str]:
        """Why rules could not be evaluated, or pages not be read."""
        rules = [rule for group in self._get("rules")["groups"] for rule in group["rules"]]
        targets = self._get("targets", state="active")["activeTargets"]
        return [each["lastError"] for each in (*rules, *targets) if each.get("lastError")]

    def _get(self, path: str, **fields: str) -> dict[str, Any]:
        told = urllib3.request("GET", f"{self._url}/api/v1/{path}", fields=fields, timeout=ANSWER_SECONDS)
        assert told.status == 200, f"{path} {fields}: {told.data.decode()}"
        found: dict[str, Any] = json.loads(told.data)["data"]
        return found

    def _reload(self) -> None:
        self._file.write_text(yaml.safe_dump(_settings(self._targets)))
        told = urllib3.request("POST", f"{self._url}/-/reload", timeout=ANSWER_SECONDS)
        assert told.status == 200, told.data.decode()


def _settings(targets: Mapping[str, tuple[str, dict[str, str]]]) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": SCRAPES, "scrape_timeout": SCRAPES, "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [address], "labels": labels}]}
            for job, (address, labels) in targets.items()
        ],
    }


@contextmanager
def prometheus(tools: Toolbox, folder: Path, rules: Mapping[str, Any]) -> Iterator[Prometheus]:
    """It evaluates the rules every second; at the end it is gone."""
    file, port = folder / "prometheus.yaml", free_port()
    (folder / "rules.yaml").write_text(yaml.safe_dump(dict(rules)))
    file.write_text(yaml.safe_dump(_settings({})))
    command = [
        str(tools.program("prometheus")),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'series'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-lifecycle",
    ]
    with server(command, {}, port, folder / "prometheus.log"):
        yield Prometheus(f"http://127.0.0.1:{port}", file)
