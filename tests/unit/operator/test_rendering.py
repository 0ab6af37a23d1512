"""`laneway-operator render`, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from laneway_operator.settings import RENDERED
from support.inputs.pools import pool_with

ROOT = Path(__file__).parents[3]
PROFILES = """\
placementProfiles:
  g5: {nodeSelector: {kind: g5}, accelerator: {resource: nvidia.com/gpu}}
podReports: true
"""


def render(*arguments: str | Path, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "laneway_operator", "render", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def objects(done: subprocess.CompletedProcess[str]) -> dict[str, list[dict[str, Any]]]:
    """Kind → objects."""
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for each in yaml.safe_load_all(done.stdout):
        found.setdefault(each["kind"], []).append(each)
    return found


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    path = tmp_path / "pool.yaml"
    path.write_text(yaml.safe_dump(pool_with(lane={"placement": {"profiles": ["g5"]}})))
    return path


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    path = tmp_path / "values.yaml"
    path.write_text(PROFILES)
    return path


def test_what_would_be_applied_is_printed_without_a_cluster(pool: Path, profiles: Path) -> None:
    done = render(pool, "--profiles", profiles)
    assert done.stdout.startswith("# What Laneway would apply. Only a cluster knows the UID of the pool")
    found = objects(done)
    assert set(found) == {
        *("ServiceAccount", "TriggerAuthentication", "ConfigMap", "Job", "Deployment", "ScaledObject"),
    } | (set(found) & {"NetworkPolicy", "PodMonitor"})
    lane = next(each for each in found["Deployment"] if each["metadata"]["name"] == "documents-default")
    assert lane["spec"]["template"]["spec"]["nodeSelector"] == {"kind": "g5"}
    trigger = found["ScaledObject"][0]["spec"]["triggers"][0]["metadata"]
    assert trigger["queueURL"].startswith("https://sqs.us-east-1.amazonaws.com/000000000000/laneway-documents-default-")


def test_the_operators_own_settings_hold_in_its_pod(profiles: Path) -> None:
    text = yaml.safe_dump(pool_with())
    settings = {
        "LANEWAY_WORKER_IMAGE": "registry.example/worker:2",
        "LANEWAY_PROFILES": str(profiles),
        "LANEWAY_AWS_REGION": "eu-west-1",
        "LANEWAY_POD_REPORTS": "true",
    }
    found = objects(render("-", text=text, **settings))
    assert found["Job"][0]["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/worker:2"
    assert "eu-west-1" in found["ScaledObject"][0]["spec"]["triggers"][0]["metadata"]["queueURL"]
    assert "Role" in found


def test_several_pools_of_one_file_are_all_printed(tmp_path: Path) -> None:
    path = tmp_path / "pools.yaml"
    other = pool_with() | {"metadata": {"name": "claims"}}
    path.write_text(yaml.safe_dump_all([pool_with(), other]))
    names = {each["metadata"]["name"] for each in objects(render(path))["ServiceAccount"]}
    assert names == {f"laneway-{who}-{pool}" for who in ("worker", "preflight") for pool in ("documents", "claims")}


def test_a_pool_with_queues_of_its_own_names_them() -> None:
    own = {"url": "https://sqs/1/claims", "deadLetterURL": "https://sqs/1/claims-dead"}
    found = objects(render("-", text=yaml.safe_dump(pool_with(lane={"queue": own}))))
    assert found["ScaledObject"][0]["spec"]["triggers"][0]["metadata"]["queueURL"] == own["url"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "-: there is no pool in it"),
        ("a: [", "-: line 1, column 5: not YAML: while parsing a flow node: expected the node content, but found"),
        ("[]", "-: "),
        ("a: 2026-02-30", "-: not YAML: day is out of range for month"),
        (
            yaml.safe_dump(pool_with(lane={"paralel": 2})),
            "-: spec.lanes[0].paralel: unknown field; did you mean parallel?",
        ),
        (yaml.safe_dump(pool_with(model={})), "-: spec.model.name: is missing; add it"),
        (
            yaml.safe_dump(pool_with(lane={"placement": {"profiles": ["g6"]}})),
            "-: lane default: no placement profile g6; there are: none; --profiles names a file with yours",
        ),
    ],
    ids=["empty", "no YAML", "no object", "no date", "a slip", "no model", "no such profile"],
)
def test_a_pool_that_can_not_be_used_is_refused_in_one_line(text: str, words: str) -> None:
    done = render("-", text=text)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"laneway-operator: {words}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = render(tmp_path / "pool.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith(f"laneway-operator: can't read {tmp_path}/pool.yaml: ")


def test_profiles_that_are_not_there_are_named(pool: Path, tmp_path: Path) -> None:
    done = render(pool, "--profiles", tmp_path / "values.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith(f"laneway-operator: {tmp_path}/values.yaml can't be read: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "placementProfiles:\n  g5: {a: [}\n",
            ": line 2, column 12: not YAML: while parsing a flow node: expected the node content",
        ),
        (
            "placementProfiles:\n\tg5: {}\n",
            ": line 2, column 1: not YAML: while scanning for the next token: found character '\\t'",
        ),
        ("a: \a\n", ": not YAML: unacceptable character #x0007"),
        ("placementProfiles: {g5: 2026-02-30}", ": not YAML: day is out of range for month"),
        ("[" * 3000, ": not YAML: maximum recursion depth exceeded"),
        ("placementProfiles: {g5: {accelerater: {}}}", "g5.accelerater: unknown field; did you mean accelerator?"),
    ],
    ids=["a bracket", "a tab", "a bell", "no such day", "too deep", "a slip"],
)
def test_profiles_that_can_not_be_used_are_refused_in_one_line(
    pool: Path, profiles: Path, text: str, words: str
) -> None:
    profiles.write_text(text)
    done = render(pool, "--profiles", profiles)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("laneway-operator: ")
    assert words in line


def test_without_the_chart_its_images_are_taken() -> None:
    chart = yaml.safe_load((ROOT / "charts/laneway/Chart.yaml").read_text())
    images = yaml.safe_load((ROOT / "charts/laneway/values.yaml").read_text())["image"]
    assert RENDERED["LANEWAY_WORKER_IMAGE"] == f"{images['worker']['repository']}:{chart['appVersion']}"
    assert RENDERED["LANEWAY_OLLAMA_IMAGE"] == f"{images['ollama']['repository']}:{images['ollama']['tag']}"
