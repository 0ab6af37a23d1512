"""What examples/eks says of pools, profiles and nodes fits together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.pool_file import load_pool, load_profiles

FOLDER = Path(__file__).parents[3] / "examples" / "eks"
POOLS = sorted(FOLDER.glob("pool-*.yaml"))
PROFILES = {each.metadata.name: each.spec for each in load_profiles(FOLDER / "profiles.yaml")}
LONGEST_NOTICE_SECONDS = 120  # EC2: of a spot instance's interruption


def nodes(file: str) -> dict[str, dict[str, Any]]:
    """Name → NodePool."""
    documents = yaml.safe_load_all((FOLDER / file).read_text())
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == "NodePool"}


NODES = [*nodes("karpenter.yaml").values(), *nodes("auto-mode.yaml").values()]


@pytest.mark.parametrize("file", POOLS, ids=lambda each: each.name)
def test_a_pool_is_valid_and_names_profiles_that_are_there(file: Path) -> None:
    assert CliRunner().invoke(app, ["validate", str(file)]).exit_code == 0
    for lane in load_pool(file).spec.lanes:
        assert lane.placement is not None
        assert set(lane.placement.profiles) <= set(PROFILES)


@pytest.mark.parametrize("file", POOLS, ids=lambda each: each.name)
def test_a_lane_on_spot_has_left_before_its_node_goes(file: Path) -> None:
    for lane in load_pool(file).spec.lanes:
        assert lane.placement is not None
        if any(name.endswith("-spot") for name in lane.placement.profiles):
            assert lane.drain_seconds < LONGEST_NOTICE_SECONDS


@pytest.mark.parametrize("file", POOLS, ids=lambda each: each.name)
def test_the_operator_renders_it(file: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "laneway_operator",
        "render",
        str(file),
        "--profiles",
        str(FOLDER / "profiles.yaml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds = [each["kind"] for each in yaml.safe_load_all(done.stdout)]
    spec = load_pool(file).spec
    assert kinds.count("ScaledObject") == len(spec.lanes) + 1 + (spec.table is not None)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_finds_a_node_and_bears_its_taint(name: str) -> None:
    profile = PROFILES[name]

    def fits(pool: dict[str, Any]) -> bool:
        template = pool["spec"]["template"]["spec"]
        offered = {each["key"]: each["values"] for each in template["requirements"]}
        borne = {each.key for each in profile.tolerations}
        return (
            all(value in offered.get(key, ()) for key, value in profile.node_selector.items())
            and {each["key"] for each in template["taints"]} <= borne
        )

    assert any(fits(each) for each in NODES)


@pytest.mark.parametrize("pool", NODES, ids=lambda each: each["spec"]["template"]["spec"]["nodeClassRef"]["kind"])
def test_a_running_worker_is_not_moved_to_save_money(pool: dict[str, Any]) -> None:
    assert pool["spec"]["disruption"]["consolidationPolicy"] == "WhenEmpty"
