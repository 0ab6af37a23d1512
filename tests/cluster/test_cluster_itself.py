"""The test cluster: it starts, answers, stands beside others, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psutil
import pytest

from support.cluster.cluster import REGION, api_cluster, node_cluster
from support.cluster.namespace import TESTS
from support.cluster.node.sandbox import SANDBOX_IMAGE
from support.cluster.register import FolderInUse, living, sweep
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.cluster.cluster import Cluster
    from support.cluster.register import Entry

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
OUTSIDE = ("/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods")
CGROUPS = Path("/sys/fs/cgroup")
KERNEL = ("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory")


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[Entry]:
    folder = tmp_path / "by-hand"
    try:
        assert "ready" in _by_hand("up", folder)
        yield next(entry for entry in living() if entry.folder == str(folder))
    finally:
        _by_hand("down", folder)


def test_it_schedules_pods_onto_nodes_by_name_only(api: Cluster) -> None:
    api.apply(_pod("asks-for-a-gpu", {"nvidia.com/gpu": "1"}))
    eventually(lambda: api.get("pod", "asks-for-a-gpu").get("status", {}).get("phase") == "Running")
    assert api.get("pod", "asks-for-a-gpu")["spec"]["nodeName"] == "fake-gpu-0"
    api.kubectl("delete", "pod", "asks-for-a-gpu", "--wait=false")


def test_keda_scales_by_the_length_of_a_queue(api: Cluster) -> None:
    sqs = _client(api, "sqs")
    queue = sqs.create_queue(QueueName="scaled")["QueueUrl"]
    for body in "abc":
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    api.apply(*_scaled(queue, api.environment))
    eventually(lambda: api.get("deployment", "scaled").get("status", {}).get("readyReplicas") == 3)
    api.kubectl("delete", "deployment,scaledobject", "scaled")


def test_helm_works_and_writes_only_into_the_cluster(api: Cluster) -> None:
    assert "NAME" in api.run("helm", "list").stdout


def test_its_programs_listen_on_loopback_only(api: Cluster) -> None:
    listening = [each for process in _processes(str(api.kubeconfig.parent)) for each in _listened(process)]
    assert len(listening) == 11
    assert {address.ip for address in listening} <= set(LOOPBACK)


def test_what_listens_in_the_namespace_is_on_no_interface_of_the_machine(node: Cluster) -> None:
    ours = {int(line.split()[3].rpartition(":")[2]) for line in node.run("ss", "-ltnH").stdout.splitlines()}
    assert {443, 4566, 10250} <= ours
    assert psutil.net_if_addrs().keys().isdisjoint({"lane0", "pods0"})


def test_a_second_one_beside_it_and_nothing_left_of_it(api: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    with api_cluster(folder) as second:
        second.kubectl("create", "namespace", "only-here")
        assert api.get("namespace", "only-here") == {}
        assert str(folder) in {entry.folder for entry in living()}
    assert _left(folder) == []


def test_a_pod_runs_has_a_log_and_reaches_the_api_server_and_aws(node: Cluster) -> None:
    node.apply(_pod("speaks", args=["words of a pod"]))
    eventually(lambda: _is_ready(node.get("pod", "speaks")))
    assert node.kubectl("logs", "speaks") == "words of a pod\n"
    with node.inside():
        _client(node, "sqs").create_queue(QueueName="seen-from-inside")
    node.kubectl("delete", "pod", "speaks", "--grace-period=1")


def test_a_second_node_beside_it_by_hand_and_nothing_left_when_its_owner_is_killed(
    node: Cluster, by_hand: Entry
) -> None:
    before, owner, folder = _outside(), by_hand, Path(by_hand.folder)
    assert "is up already" in _by_hand("up", folder)
    assert "real-1   Ready" in _by_hand("shell", folder, "--", "kubectl", "get", "nodes")
    assert _by_hand("shell", folder, "--", "sh", "-c", "echo $AWS_ENDPOINT_URL").strip() == "http://10.200.0.1:4566"
    os.kill(owner.pid, signal.SIGKILL)
    eventually(lambda: _processes(str(folder)) == [])
    said = _by_hand("down", folder)
    assert "gone" in said or "there is no cluster" in said  # a start beside this test may have swept it up
    eventually(lambda: _left(folder, owner.cgroup) == [])
    assert _outside() == before
    assert _is_ready(node.get("node", "real-1"))


def test_nothing_is_left_of_a_node_with_a_running_pod(tmp_path: Path) -> None:
    before, folder = _outside(), tmp_path / "n"
    with node_cluster(folder) as cluster:
        cluster.apply(_pod("runs"))
        eventually(lambda: _is_ready(cluster.get("pod", "runs")))
        (entry,) = [each for each in living() if each.folder == str(folder)]
        assert list(CGROUPS.rglob(f"{entry.cgroup}/kubepods/besteffort/pod*"))
    assert _left(folder, entry.cgroup) == []
    assert _outside() == before


def test_a_killed_owner_takes_its_programs_along_and_the_sweep_does_the_rest(api: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    script = f"""
import signal, pathlib
from support.cluster.cluster import api_cluster
with api_cluster(pathlib.Path({str(folder)!r})):
    print("ready", flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", script], env=_environment(), stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        assert _processes(str(folder))
        owner.kill()
    eventually(lambda: _processes(str(folder)) == [])
    sweep()  # a start beside this test may have been first
    eventually(lambda: _left(folder) == [])
    assert api.get("namespace", "default")


def test_it_refuses_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(FolderInUse), api_cluster(tmp_path):
        pass
    assert (tmp_path / "mine").exists()


def _pod(name: str, limits: dict[str, str] | None = None, args: list[str] | None = None) -> dict[str, Any]:
    container = {"name": "only", "image": SANDBOX_IMAGE, "args": args or [], "resources": {"limits": limits or {}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
    }


def _scaled(queue: str, aws: Any) -> list[dict[str, Any]]:
    labels = {"app": "scaled"}
    keys = {"AWS_ACCESS_KEY_ID": "awsAccessKeyID", "AWS_SECRET_ACCESS_KEY": "awsSecretAccessKey"}
    parameters = [{"parameter": parameter, "name": "scaled", "key": key} for key, parameter in keys.items()]
    metadata = {"queueURL": queue, "awsEndpoint": aws["AWS_ENDPOINT_URL"], "awsRegion": REGION, "queueLength": "1"}
    trigger = {"type": "aws-sqs-queue", "authenticationRef": {"name": "scaled"}, "metadata": metadata}
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "scaled"},
            "stringData": {key: aws[key] for key in keys},
        },
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "TriggerAuthentication",
            "metadata": {"name": "scaled"},
            "spec": {"secretTargetRef": parameters},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "scaled"},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": _pod("scaled")["spec"]},
            },
        },
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": "scaled"},
            "spec": {
                "scaleTargetRef": {"name": "scaled"},
                "pollingInterval": 1,
                "minReplicaCount": 0,
                "maxReplicaCount": 3,
                "triggers": [trigger],
            },
        },
    ]


def _client(cluster: Cluster, service: str) -> Any:
    environment = cluster.environment
    return boto3.client(  # type: ignore[call-overload] # because its keywords come as a dict
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def _is_ready(thing: dict[str, Any]) -> bool:
    conditions = thing.get("status", {}).get("conditions", [])
    return ("Ready", "True") in {(each["type"], each["status"]) for each in conditions}


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(TESTS)}


def _by_hand(action: str, folder: Path, *rest: str) -> str:
    command = [sys.executable, "-m", "support.cluster", action, "--state", str(folder), *rest]
    with (folder.parent / f"{folder.name}.said").open("w+") as said:  # a pipe would be held open by the owner
        subprocess.run(command, env=_environment(), stdout=said, stderr=said, check=True)
        said.seek(0)
        Path(said.name).unlink()
        return said.read()


def _left(folder: Path, cgroup: str = "laneway-none") -> list[str]:
    """What there still is of a cluster."""
    entries = [entry.folder for entry in living() if entry.folder == str(folder)]
    mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(folder) in line]
    files = [str(folder)] if folder.exists() else []
    cgroups = [str(each) for each in CGROUPS.rglob(cgroup)]
    return [*map(str, _processes(str(folder))), *entries, *mounts, *files, *cgroups]


def _outside() -> dict[str, object]:
    """What a node could change of the machine."""
    there = {path: sorted(os.listdir(path)) if Path(path).exists() else None for path in OUTSIDE}  # noqa: PTH208 - names alone, as they are
    return {**there, **{name: (Path("/proc/sys") / name).read_text() for name in KERNEL}}


def _processes(words: str) -> list[psutil.Process]:
    """Those that were started for a cluster: its folder is in their command line or their environment."""
    return [each for each in psutil.process_iter() if each.pid != os.getpid() and _speaks_of(each, words)]


def _speaks_of(process: psutil.Process, words: str) -> bool:
    try:
        return any(words in word for word in (*process.cmdline(), *process.environ().values()))
    except psutil.Error:
        return False


def _listened(process: psutil.Process) -> list[Any]:
    return [each.laddr for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
