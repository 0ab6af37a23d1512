"""Alerts and dashboard: they fire as they should, and ask for metrics that exist."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from chart.rendering import CHART, MATRIX, RELEASE, ROOT, Helm, Manifest, of_kind, tool
from laneway.schema.job.codes import CODES
from laneway_gateway.adapters.metrics import Metrics as Gateways
from laneway_operator.health.metrics import Metrics
from laneway_worker.report.metrics import LONG_SECONDS, Families

if TYPE_CHECKING:
    from pathlib import Path

RUNBOOKS = ROOT / "docs" / "runbooks"
KEDAS = {
    "keda_scaler_metrics_value",
    "keda_scaled_object_paused",
    "keda_scaled_object_errors_total",
    "keda_scaler_detail_errors_total",
    "keda_build_info",
}
"""Of KEDA 2.21; tests/cluster/test_quiet_pools.py asks a running one."""
EXPORTERS = {"aws_sqs_approximate_age_of_oldest_message_maximum"}
"""Of two exporters of CloudWatch, by their naming rule: service, metric in snake case, statistic."""
WORDS = {"and", "or", "unless", "on", "by"}


@pytest.fixture
def rules(helm: Helm) -> Manifest:
    spec: Manifest = of_kind(helm.template(MATRIX["monitoring"]), "PrometheusRule")["spec"]
    return spec


def each_rule(spec: Manifest) -> list[Manifest]:
    return [rule for group in spec["groups"] for rule in group["rules"]]


def alerts(spec: Manifest) -> set[str]:
    return {rule["alert"] for rule in each_rule(spec) if "alert" in rule}


def promtool(folder: Path, *argv: str) -> None:
    done = subprocess.run([tool("promtool"), *argv], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules(rules: Manifest, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    promtool(tmp_path, "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml")


def test_alerts_fire_when_they_should_and_only_then(rules: Manifest, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    text = (ROOT / "tests" / "data" / "input" / "alerts.yaml").read_text()
    (tmp_path / "tests.yaml").write_text(text)
    tried = {each["alertname"] for test in yaml.safe_load(text)["tests"] for each in test["alert_rule_test"]}
    assert tried == alerts(rules)
    promtool(tmp_path, "test", "rules", "tests.yaml")


def test_every_alert_has_its_page_and_every_page_its_alert(rules: Manifest) -> None:
    pages = {each.stem for each in RUNBOOKS.glob("*.md")}
    assert pages == alerts(rules)
    for each in each_rule(rules):
        if "alert" in each:
            assert each["annotations"]["runbook_url"] == f"https://docs.example/runbooks/{each['alert']}.md"


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda each: each.stem)
def test_a_page_says_what_it_means_how_to_see_it_and_what_to_do(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {page.stem}\n")
    assert [each for each in ("**What it means.**", "**How to see.**", "**What to do.**") if each not in text] == []
    assert "```sh" in text


def asked(query: str) -> set[str]:
    """The metrics that a query names."""
    plain = re.sub(r'"[^"]*"', "", query)
    plain = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|on)\s*\([^)]*\)|\boffset \w+", "", plain)
    return {each for each in re.findall(r"[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()", plain) if each not in WORDS}


def exported() -> set[str]:
    ours = [(each.name, each.kind) for each in Families().described]
    ours += [(each.name, each.kind) for each in Gateways("nlp/documents").described]
    operators = [(name, kind) for name, kind, _, _ in Metrics().described]
    found = {name for name, _ in ours + operators}
    return found | {f"{name}_bucket" for name, kind in ours + operators if kind == "histogram"}


def test_of_failures_those_of_the_platform_warn_and_a_senders_are_the_senders(rules: Manifest) -> None:
    found = {each["labels"]["owner"]: each for each in each_rule(rules) if each.get("alert") == "LanewayJobsFail"}
    assert {owner: each["labels"]["severity"] for owner, each in found.items()} == {
        "platform": "warning",
        "model": "info",
    }
    for owner, each in found.items():
        codes = {code for listed in re.findall(r'code=~"([^"]*)"', each["expr"]) for code in listed.split("|")}
        assert codes == {code for code, info in CODES.items() if info.owner == owner}


def test_an_objective_is_missed_by_the_platforms_failures_and_a_senders_count_for_nothing(rules: Manifest) -> None:
    expressions = {each["record"]: each["expr"] for each in each_rule(rules) if is_success(each)}
    listed = {
        name: {code for codes in re.findall(r'code[!=]~"([^"]*)"', expr) for code in codes.split("|")}
        for name, expr in expressions.items()
    }
    assert listed["laneway:objective_missed:increase5m"] == {
        each for each, info in CODES.items() if info.owner == "platform"
    }
    assert listed["laneway:objective_jobs:increase5m"] == {
        each for each, info in CODES.items() if info.owner == "sender"
    }
    assert 'code!~"' in expressions["laneway:objective_jobs:increase5m"]


def is_success(rule: Manifest) -> bool:
    return "record" in rule and rule.get("labels") == {"objective": "success"}


def test_seconds_of_an_objective_are_bounds_of_the_workers_histogram() -> None:
    schema = json.loads((ROOT / "charts" / "laneway" / "values.schema.json").read_text())
    waits = schema["properties"]["prometheusRule"]["properties"]["objectives"]["properties"]["waits"]
    assert waits["items"]["properties"]["seconds"]["enum"] == list(LONG_SECONDS)


def test_without_objectives_there_are_no_rules_for_them(helm: Helm) -> None:
    found = of_kind(helm.template(MATRIX["no objectives"]), "PrometheusRule")["spec"]
    assert "LanewayBudgetBurns" not in alerts(found)
    assert [each["record"] for each in each_rule(found) if "objective" in each.get("record", "")] == []


@pytest.mark.parametrize(
    "objectives",
    [
        {"success": 90},
        {"success": 100},
        {"waits": [{"pools": "a", "lanes": "b", "seconds": 41, "percent": 95}]},
        {"waits": [{"pools": "a", "lanes": "b", "seconds": 40, "percent": 90}]},
        {"waits": [{"lanes": "b", "seconds": 40, "percent": 95}]},
        {"fewest": 0},
    ],
    ids=str,
)
def test_an_objective_that_no_rule_could_tell_of_is_refused(helm: Helm, objectives: Manifest) -> None:
    values = copy.deepcopy(MATRIX["monitoring"])
    values["prometheusRule"]["objectives"] = objectives
    done = helm.run("template", RELEASE, CHART, values=values)
    assert done.returncode != 0
    assert "prometheusRule" in done.stderr
    assert "objectives" in done.stderr


def test_every_rule_keeps_the_cluster(rules: Manifest) -> None:
    """Where one ruler has the series of many, such as Thanos's, equal names of two clusters are two."""
    for each in each_rule(rules):
        grouped = re.findall(r"\b(?:by|on) \(([^)]+)\)", each["expr"])
        assert [labels for labels in grouped if not labels.startswith("cluster")] == []
        whole = re.sub(r"\babsent\([^()]*\)|\bcount\([^()]*\)", "", each["expr"])
        assert re.findall(r"\b(?:sum|max|min)\(", whole) == []


def test_what_a_query_asks_for_is_found() -> None:
    query = 'sum by (a, b) (rate(laneway_jobs_total{status="x"}[5m])) / on (a) keda_up offset 5m > 2'
    assert asked(query) == {"laneway_jobs_total", "keda_up"}


def test_rules_ask_only_for_what_is_exported(rules: Manifest) -> None:
    recorded = {rule["record"] for rule in each_rule(rules) if "record" in rule}
    names = {name for rule in each_rule(rules) for name in asked(rule["expr"])}
    assert names - exported() - KEDAS - EXPORTERS - recorded == set()


def test_the_dashboard_asks_only_for_what_is_exported(helm: Helm) -> None:
    (made,) = (each for each in helm.template(MATRIX["monitoring"]) if each["metadata"]["name"].endswith("-dashboard"))
    panels = json.loads(made["data"]["laneway.json"])["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    assert len(queries) > 15
    names = {name for query in queries for name in asked(query.replace("$__rate_interval", "5m"))}
    assert names - exported() - KEDAS == set()
    assert names & KEDAS
    assert "laneway_head_of_line_seconds" in names, "how long the line is, which no histogram tells before it moves"
