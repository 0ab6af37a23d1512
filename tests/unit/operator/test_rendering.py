"""`laneway-operator render`, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from laneway.schema.shared.yaml_text import read_yaml, write_yaml
from laneway_operator.__main__ import command
from laneway_operator.settings import RENDERED
from support.inputs.pools import pool_with

if TYPE_CHECKING:
    from collections.abc import Callable

    Written = Callable[[str], Path]

ROOT = Path(__file__).parents[3]
PROFILE = "apiVersion: laneway.dev/v1alpha1\nkind: PlacementProfile\nmetadata: {name: g5}\n"
PROFILES = (
    f"{PROFILE}spec: {{nodeSelector: {{kind: g5}}, accelerator: {{extendedResource: {{name: nvidia.com/gpu}}}}}}\n"
)


def typed(*arguments: str | Path, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which takes a second to start."""
    return subprocess.run(
        [sys.executable, "-m", "laneway_operator", "render", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def render(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """In this one."""
    out, err, code = StringIO(), StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            command(["render", *map(str, arguments)], environment)
        except SystemExit as left:
            code = int(left.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file with pools, by its text."""

    def write(text: str) -> Path:
        path = tmp_path / "written.yaml"
        path.write_text(text)
        return path

    return write


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
    path = tmp_path / "profiles.yaml"
    path.write_text(PROFILES)
    return path


def test_what_would_be_applied_is_printed_without_a_cluster(pool: Path, profiles: Path) -> None:
    done = typed(pool, "--profiles", profiles)
    assert done.stdout.startswith("# What Laneway would apply. Only a cluster knows the UID of the pool")
    found = objects(done)
    assert set(found) == {
        *("ServiceAccount", "TriggerAuthentication", "ConfigMap", "Job", "Deployment", "ScaledObject"),
    } | (set(found) & {"NetworkPolicy", "PodMonitor"})
    lane = next(each for each in found["Deployment"] if each["metadata"]["name"] == "documents-default")
    assert lane["spec"]["template"]["spec"]["nodeSelector"] == {"kind": "g5"}
    trigger = found["ScaledObject"][0]["spec"]["triggers"][0]["metadata"]
    assert trigger["queueURL"].startswith("https://sqs.us-east-1.amazonaws.com/000000000000/laneway-documents-default-")


def test_the_operators_own_settings_hold_in_its_pod() -> None:
    text = yaml.safe_dump(pool_with())
    settings = {
        "LANEWAY_WORKER_IMAGE": "registry.example/worker:2",
        "LANEWAY_AWS_REGION": "eu-west-1",
        "LANEWAY_POD_REPORTS": "true",
    }
    found = objects(typed("-", text=text, **settings))
    assert found["Job"][0]["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/worker:2"
    assert "eu-west-1" in found["ScaledObject"][0]["spec"]["triggers"][0]["metadata"]["queueURL"]
    assert "Role" in found


def test_several_pools_of_one_file_are_all_printed(tmp_path: Path) -> None:
    path = tmp_path / "pools.yaml"
    other = pool_with() | {"metadata": {"name": "claims"}}
    path.write_text(yaml.safe_dump_all([pool_with(), other]))
    names = {each["metadata"]["name"] for each in objects(render(path))["ServiceAccount"]}
    assert names == {f"laneway-{who}-{pool}" for who in ("worker", "preflight") for pool in ("documents", "claims")}


def test_what_is_printed_is_what_would_be_applied(written: Written) -> None:
    odd = {"sha": "72225e2", "build": "0o7", "centre": "0123", "half": "08", "on": "y", "time": "1:30"}
    done = render(written(write_yaml([pool_with(pods={"annotations": odd})])))
    for reader in (yaml.safe_load_all, read_yaml):
        (deployment,) = (each for each in reader(done.stdout) if _is_lane(each))
        found = deployment["spec"]["template"]["metadata"]["annotations"]
        assert {name: found[name] for name in odd} == odd


def _is_lane(found: dict[str, Any]) -> bool:
    return (found["kind"], found["metadata"]["name"]) == ("Deployment", "documents-default")


def test_what_stands_beside_a_pool_is_named() -> None:
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: nlp}}\n---\n{yaml.safe_dump(pool_with())}"
    done = typed("-", text=text)
    assert (done.returncode, done.stderr) == (0, "-:1: not rendered: an object of kind Namespace\n")


def test_a_pool_with_queues_of_its_own_names_them(written: Written) -> None:
    own = {"url": "https://sqs/1/claims", "deadLetterURL": "https://sqs/1/claims-dead"}
    found = objects(render(written(yaml.safe_dump(pool_with(lane={"queue": {"external": own}})))))
    assert found["ScaledObject"][0]["spec"]["triggers"][0]["metadata"]["queueURL"] == own["url"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ": there is no pool in it"),
        ("a: [", ":1: not YAML: while parsing a flow node: expected the node content, but found"),
        ("[]", ":1: should be one object"),
        (
            yaml.safe_dump(pool_with(lane={"paralel": 2})),
            ":8: spec.lanes[0].paralel: unknown field; did you mean parallel?",
        ),
        (yaml.safe_dump(pool_with(model={})), ":8: spec.model.name: is missing; add it"),
        (
            yaml.safe_dump(pool_with(lane={"placement": {"profiles": ["g6"]}})),
            ": lane default: no placement profile g6; there are: none; --profiles names a file with yours",
        ),
        (
            yaml.safe_dump(pool_with(engine="next")),
            ": no engine next; there are: ollama-0-32; --engines names a file with yours",
        ),
    ],
    ids=["empty", "no YAML", "no object", "a slip", "no model", "no such profile", "no such engine"],
)
def test_a_pool_that_can_not_be_used_is_refused_in_one_line(written: Written, text: str, words: str) -> None:
    done = render(path := written(text))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"laneway-operator: {path}{words}")


def test_a_text_that_can_not_be_used_is_refused_in_one_line() -> None:
    done = typed("-", text="[]")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "laneway-operator: -:1: should be one object with apiVersion, kind, metadata and spec\n"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = render(tmp_path / "pool.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith(f"laneway-operator: can't read {tmp_path}/pool.yaml: ")


def test_profiles_that_are_not_there_are_named(pool: Path, tmp_path: Path) -> None:
    done = render(pool, "--profiles", tmp_path / "profiles.yaml")
    assert done.returncode == 2
    assert done.stderr == f"laneway-operator: can't read {tmp_path}/profiles.yaml: No such file or directory\n"


def test_profiles_of_the_pools_own_file_hold_too(written: Written) -> None:
    text = write_yaml([pool_with(lane={"placement": {"profiles": ["g5"]}})]) + f"---\n{PROFILES}"
    lane = next(each for each in objects(render(written(text)))["Deployment"] if _is_lane(each))
    assert lane["spec"]["template"]["spec"]["nodeSelector"] == {"kind": "g5"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: [\n", ":2: not YAML: while parsing a flow node: expected the node content"),
        ("a: \a\n", ": not YAML: unacceptable character #x0007"),
        (
            f"{PROFILE}spec: {{nodeSelector: {{a: 1e3}}}}",
            ":4: spec.nodeSelector.a: should be a text: write it in quotes",
        ),
        (f"{PROFILES}---\n{PROFILES}", ": the placement profile g5 stands in it twice; keep one"),
        ("placementProfiles: {g5: {}}", ":1: these are Helm values: write each profile as an object of kind"),
        (f"{PROFILE}spec: {{accelerater: {{}}}}", ":4: spec.accelerater: unknown field; did you mean accelerator?"),
        ("", ": there is no placement profile in it: no object of kind PlacementProfile"),
    ],
    ids=["a bracket", "a bell", "a number", "twice", "Helm values", "a slip", "nothing"],
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
    values = yaml.safe_load((ROOT / "charts/laneway/values.yaml").read_text())
    assert RENDERED["LANEWAY_WORKER_IMAGE"] == f"{values['image']['worker']['repository']}:{chart['appVersion']}"
    assert json.loads(RENDERED["LANEWAY_ENGINES"]) == {name: values[name] for name in ("engines", "defaultEngine")}


def ollama(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (lane,) = (each for each in objects(done)["Deployment"] if _is_lane(each))
    (found,) = lane["spec"]["template"]["spec"]["initContainers"]
    return {name: found[name] for name in ("image", "imagePullPolicy")}


ENGINED = yaml.safe_dump(pool_with(engine="next"))


def test_an_engine_of_ones_own_values_is_laid_over_those_of_the_chart(tmp_path: Path, written: Written) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("engines: {next: {image: 'mirror.example/ollama:0.33.0', pullPolicy: Always}}\nreplicas: 2\n")
    found = {"image": "mirror.example/ollama:0.33.0", "imagePullPolicy": "Always"}
    assert ollama(render(written(ENGINED), "--engines", values)) == found
    plain = written(yaml.safe_dump(pool_with()))
    assert ollama(render(plain, "--engines", values))["image"] == "docker.io/ollama/ollama:0.32.15"
    values.write_text(values.read_text() + "defaultEngine: next\n")
    assert ollama(render(plain, "--engines", values)) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "should hold one object with `engines`"),
        ("engines: [next]", "should hold one object with `engines`"),
        ("engines: {next: 'a/b:1'}", "engines.next: should be an object with fields"),
        ("engines: {next: {tag: '1'}}", "engines.next.image: is missing; add it"),
        ("engines: {next: {imag: 'a/b:1'}}", "engines.next.imag: unknown field; did you mean image?"),
        ("engines: {ollama-0-32: null, next: {image: 'a/b:1'}}", "defaultEngine should be one of engines (next), not"),
        ("engines: {next: {image: 'https://a/b:1'}}", "engines.next.image: should be an image as a registry names it"),
    ],
    ids=["empty", "a list", "an image", "no image", "a slip", "no default", "a URL"],
)
def test_engines_that_can_not_be_used_are_refused_in_one_line(
    tmp_path: Path, written: Written, text: str, words: str
) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(text)
    done = render(written(ENGINED), "--engines", values)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"laneway-operator: {values}: ")
    assert words in line


def test_gateways_are_shown_where_they_may_be_and_where_not_it_is_said(written: Written) -> None:
    pool = written(yaml.safe_dump(pool_with(gateway={"keys": {"secretName": "keys"}})))
    shown = render(pool)
    assert {"Service", "PodDisruptionBudget"} <= set(objects(shown))
    assert "Left out" not in shown.stdout
    off = render(pool, LANEWAY_GATEWAY_IMAGE="")
    assert "Service" not in objects(off)
    assert "# Left out: the gateway of default/documents; the operator's Helm values turn gateways off." in off.stdout


def test_tables_are_shown_where_they_may_be_and_where_not_it_is_said(written: Written) -> None:
    pool = written(yaml.safe_dump(pool_with(table={"dynamodb": {"tableName": "documents"}})))
    shown = render(pool)
    assert "documents-projector-of-all-lanes" in shown.stdout
    assert "-events" in shown.stdout
    off = render(pool, LANEWAY_PROJECTOR_IMAGE="")
    assert "-events" not in off.stdout
    assert "# Left out: the table of default/documents; the operator's Helm values turn tables off." in off.stdout
