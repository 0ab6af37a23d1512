"""docs/howto/install.md and the runbooks, word for word, on a real node with two operators."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.aws.cli import FOR_SQS
from support.inputs.profiles import profile_with
from support.pages import shell_blocks, under, yaml_blocks
from support.pods.containers import main_process
from support.pods.installed import BUCKET, CHARTS, ROOT, SYSTEM, GivenCluster, install_charts
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

PAGE = ROOT / "docs" / "howto" / "install.md"
BLOCKS = shell_blocks(PAGE)
TROUBLESHOOT = ROOT / "docs" / "howto" / "troubleshoot.md"
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
TAKE_OVER_SECONDS = 30.0
SECONDS = 180.0
LOOK_SECONDS = 0.5
LANE = "documents-fast"
WORDS = {"NAMESPACE": "default", "POOL": "documents", "LANE": "fast", "NAME": LANE}
"""What pages leave to the reader."""
ELSEWHERE = (
    *("laneway failed show", "laneway failed retry", "laneway failed drop"),
    'aws sqs get-queue-attributes --attribute-names All --queue-url "$(kubectl',
)
"""Need a failed job, of which tests/e2e/test_failed_cli.py has some, or a pool with a table, as test_table.py has."""
PODS = "laneway.dev/lane=fast"
STARTS_A_WORKER = ("LanewayKedaAbsent", "LanewayScalingFails")
NOT_HERE = {"top pods": "Metrics API not available", "deployment/keda-operator": "not found"}
"""What the test cluster doesn't have: KEDA is a process of it, not a pod."""


class Reader:
    """Somebody at a shell in the repository."""

    def __init__(self, installed: Installed, folder: Path) -> None:
        self.installed, self._folder = installed, folder
        (folder / "charts").symlink_to(CHARTS)
        (folder / "pool.yaml").write_text((ROOT / "examples" / "kind" / "pool.yaml").read_text())
        (folder / "my-values.yaml").write_text(yaml.safe_dump(values()))
        profiles = values()["placementProfiles"].items()
        (folder / "profiles.yaml").write_text(yaml.safe_dump_all(profile_with(name, **spec) for name, spec in profiles))
        (folder / "values.yaml").symlink_to(folder / "my-values.yaml")

    def types(self, script: str, *, check: bool = True) -> str:
        """What is printed, on both streams."""
        before = (
            f"cd {self._folder}; export PATH={Path(sys.executable).parent}:$PATH LANEWAY_POOL=s3://{BUCKET}/documents\n"
        )
        done = self.installed.cluster.run("bash", "-euc", before + FOR_SQS + script, check=check)
        return done.stdout + done.stderr


def values() -> dict[str, Any]:
    """The page's, with the images and the AWS of the test cluster."""
    (page,) = (yaml.safe_load(each) for each in under(yaml_blocks(PAGE), "3. Values"))
    here = yaml.safe_load((ROOT / "examples" / "test-cluster" / "values.yaml").read_text())
    profiles = page["placementProfiles"] | here["placementProfiles"]
    return {**page, **here, "placementProfiles": profiles}


@pytest.fixture
def reader(installed: Installed, tmp_path: Path) -> Iterator[Reader]:
    if isinstance(installed.cluster, GivenCluster):
        pytest.skip("it would uninstall Laneway from a cluster that is somebody's")
    yield Reader(installed, tmp_path)
    install_charts(installed.cluster)
    installed.cluster.kubectl("delete", "llmworkerpool", "documents", "--ignore-not-found")


def test_the_page_from_its_charts_to_its_end(reader: Reader) -> None:
    for block in (*under(BLOCKS, "4. The charts"), *under(BLOCKS, "5. A pool")):
        reader.types(block)
    a_standby_takes_over(reader.installed)
    for page in (TROUBLESHOOT, *RUNBOOKS):
        the_commands_work(reader, page)
    for block in under(BLOCKS, "Upgrade"):
        reader.types(block)
    assert reader.installed.condition("documents")["status"] == "True"
    pools_outlive_the_release(reader)


def operators(installed: Installed) -> dict[str, dict[str, Any]]:
    """The ready ones by name."""
    names = installed.cluster.kubectl("get", "pods", f"--namespace={SYSTEM}", "--output=name").split()
    found = [installed.cluster.get("pod", name.removeprefix("pod/"), SYSTEM) for name in names]
    return {each["metadata"]["name"]: each for each in found if each and ready(each)}


def ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def active(installed: Installed) -> str:
    """Its pod, by the Lease."""
    return str(installed.cluster.get("lease", "laneway-operator", "kube-system")["spec"]["holderIdentity"])


def a_standby_takes_over(installed: Installed) -> None:
    eventually(lambda: len(operators(installed)) == 2 and active(installed) in operators(installed), SECONDS)
    pods, leader = operators(installed), active(installed)

    killed = time.monotonic()
    os.kill(main_process(pods[leader], "operator"), signal.SIGKILL)
    installed.cluster.kubectl(
        "delete", "pod", leader, f"--namespace={SYSTEM}", "--force", "--grace-period=0", "--wait=false"
    )
    edit = '{"spec": {"model": {"contextLength": 1024}}}'
    installed.cluster.kubectl("patch", "llmworkerpool", "documents", "--type=merge", f"--patch={edit}")
    eventually(lambda: installed.condition("documents"), TAKE_OVER_SECONDS, LOOK_SECONDS)
    print(f"\nan edit was carried out {time.monotonic() - killed:.1f} s after the kill")  # noqa: T201 - a figure
    assert active(installed) != leader  # the standby, or the killed one's successor, which is up as the Lease runs out
    installed.wait_for("documents", "ScaledToZero")


def the_commands_work(reader: Reader, page: Path) -> None:
    queue = reader.installed.pool("documents")["status"]["lanes"][0]["queueURL"]
    for _, block in shell_blocks(page):
        filled = re.sub(r"\b[A-Z]+\b", lambda word: {**WORDS, "URL": queue}.get(word[0], word[0]), block)
        if "port-forward" in filled:  # its commands belong together
            reader.types(filled)
            continue
        for line in filled.splitlines():
            command, _, _ = line.partition(" | grep")  # which may find nothing
            if not command.startswith(ELSEWHERE):
                there_or_told(reader, command)
    if page.stem in STARTS_A_WORKER:
        eventually(lambda: reader.installed.replicas(LANE) == 0, SECONDS)
        eventually(lambda: not reader.installed.cluster.pods(PODS), SECONDS)


def there_or_told(reader: Reader, command: str) -> None:
    missing = next((words for what, words in NOT_HERE.items() if what in command), "")
    printed = reader.types(command, check=not missing)
    assert missing in printed
    if "paused-replicas=1" in command:
        eventually(lambda: reader.installed.replicas(LANE) == 1, SECONDS)


def pools_outlive_the_release(reader: Reader) -> None:
    cluster = reader.installed.cluster
    release, everything = under(BLOCKS, "Uninstall")
    reader.types(release)
    eventually(lambda: not operators(reader.installed), SECONDS)
    assert reader.installed.pool("documents")["status"]["lanes"]
    for kind in ("deployment", "scaledobject"):
        assert cluster.get(kind, LANE)["metadata"]["name"] == LANE
    reader.types(everything)
    eventually(lambda: not cluster.get("deployment", LANE), SECONDS)
