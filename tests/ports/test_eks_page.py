"""The commands of docs/howto/eks.md in their order: AWS' by its command line against moto, the others stood in for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml

from support.aws.cli_server import IN_BASH
from support.aws.moto import CREDENTIALS, aws_credentials, moto_server
from support.pages import shell_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "eks"
PAGE = ROOT / "docs/howto/eks.md"
BLOCKS = shell_blocks(PAGE)
REGION = "eu-west-1"
AUTO_MODE = "On EKS Auto Mode"
STOOD_IN = ("eksctl", "helm", "kubectl", "docker", "curl")
STAND_IN = '#!/bin/sh\necho "${0##*/} $*" >> told\ncat >> given\n'
THERE = [{"Name": "vpc-endpoint-state", "Values": ["available", "pending"]}]
ENDPOINTS = {"s3", "sqs", "sns", "sts", "ecr.api", "ecr.dkr", "ec2", "eks", "eks-auth", "ssm"}
BEFORE = (
    """
set -eu
"""
    + IN_BASH
    + """
aws() {
  echo "aws $*" >> told
  case "$1 $2" in
  "eks create-pod-identity-association" | service-quotas*) checked "$@" ;;
  "eks describe-cluster") checked "$@"; echo $CLUSTERS_VPC ;;
  cloudformation*) ;;
  *) loaded_aws --endpoint-url "$AWS_ENDPOINT_URL" "$@" ;;
  esac
}
checked() { loaded_aws "$@" --generate-cli-skeleton output > checked.json; }  # its words, and nothing is sent
kubectl() {  # its stand-in is silent
  command kubectl "$@"
  case "$*" in "get namespace kube-system "*) echo 6f1f2c1e-7c1a-4b8e-9d53-1f0a5f2d8b11 ;; esac
}
laneway() { if [ "$1" = submit ]; then echo "laneway $*" >> told; else command laneway "$@"; fi; }
"""
)


def test_every_command_is_understood_and_nothing_is_left_in_the_end(tmp_path: Path) -> None:
    for name in ("examples", "docs", "charts"):
        (tmp_path / name).symlink_to(ROOT / name)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in STOOD_IN:
        (programs / name).write_text(STAND_IN)
        (programs / name).chmod(0o755)
    with moto_server(tmp_path) as endpoint, aws_credentials():
        environment = {
            **CREDENTIALS,
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": REGION,  # the AWS CLI 1 of the tests does not read AWS_REGION
            "CLUSTERS_VPC": vpc(endpoint),
            "PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT / "tests"),
        }
        client(endpoint, "sqs").create_queue(QueueName="laneway-documents-fast-1")
        done = subprocess.run(
            ["bash", "-c", BEFORE + "\n".join(block for heading, block in BLOCKS if heading != AUTO_MODE)],
            env=environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=270,  # seconds on an idle machine
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert list(left(endpoint)) == []
    told, given = (tmp_path / "told").read_text(), (tmp_path / "given").read_text()
    assert "laneway submit --pool s3://laneway-123456789012/documents --lane fast" in told
    assert set(re.findall(r"--service-name com\.amazonaws\.eu-west-1\.(\S+)", told)) == ENDPOINTS
    assert "aws sqs delete-queue" in told
    assert not re.search(r"111122223333|\bCLUSTER\b", re.sub(r"#.*", "", given))


def client(endpoint: str, service: str) -> Any:
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION)  # type: ignore[call-overload] # because its stubs want a literal


def vpc(endpoint: str) -> str:
    """A VPC with a public and a private subnet, tagged as eksctl does it."""
    ec2 = client(endpoint, "ec2")
    made = str(ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"])
    for number in (1, 2):
        subnet = ec2.create_subnet(VpcId=made, CidrBlock=f"192.168.{number}.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}])
    return made


def left(endpoint: str) -> Iterator[Any]:
    """What is there of all that the page makes."""
    yield from client(endpoint, "s3").list_buckets()["Buckets"]
    yield from client(endpoint, "sqs").list_queues().get("QueueUrls", [])
    yield from client(endpoint, "sns").list_topics()["Topics"]
    yield from client(endpoint, "ecr").describe_repositories()["repositories"]
    yield from client(endpoint, "ec2").describe_vpc_endpoints(Filters=THERE)["VpcEndpoints"]
    roles = client(endpoint, "iam").list_roles()["Roles"]
    yield from (each for each in roles if each["RoleName"].startswith("laneway"))


def test_both_ways_lead_to_a_pool_that_is_there() -> None:
    ways = [re.search(r"export POOL=(\S+) FILE=(\S+)", block) for _, block in BLOCKS]
    named = {found[1]: found[2] for found in ways if found}
    assert len(named) == 2
    for pool, file in named.items():
        document = yaml.safe_load((ROOT / file).read_text())
        assert document["metadata"]["name"] == pool
        assert document["spec"]["results"]["s3"]["prefix"] == f"{pool}/"
        assert "fast" in [lane["name"] for lane in document["spec"]["lanes"]]


def test_the_cluster_for_karpenter_is_the_one_of_the_page() -> None:
    cluster = yaml.safe_load((EXAMPLES / "cluster-karpenter.yaml").read_text())
    version = re.search(r"--version (\S+) --enable-auto-mode", PAGE.read_text())
    assert version
    assert cluster["metadata"]["version"] == version[1]
    nodes = next(iter(yaml.safe_load_all((EXAMPLES / "karpenter.yaml").read_text())))["spec"]
    (mapping,) = cluster["iamIdentityMappings"]
    assert mapping["arn"].endswith(f"/{nodes['role']}")
    assert nodes["subnetSelectorTerms"] == [{"tags": cluster["metadata"]["tags"]}]
