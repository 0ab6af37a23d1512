"""The commands of docs/howto/eks.md that moto can answer, word for word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.moto_server import CREDENTIALS, moto_server

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/howto/eks.md").read_text()
SECTIONS = ("Bucket and topic", "Rights")


def commands() -> str:
    """The first block, and the first of each section."""
    first = re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    assert first
    found = [first[1]]
    for title in SECTIONS:
        block = re.search(rf"## {title}\n.*?```sh\n(.*?)```", PAGE, re.DOTALL)
        assert block, title
        found.append(block[1])
    return "set -eu\n" + "\n".join(found)


def test_bucket_topic_and_roles_are_made(tmp_path: Path) -> None:
    with moto_server(tmp_path) as endpoint:
        for name in ("examples", "docs"):
            (tmp_path / name).symlink_to(ROOT / name)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**CREDENTIALS, "PATH": path, "HOME": str(tmp_path), "AWS_ENDPOINT_URL": endpoint}
        environment["AWS_DEFAULT_REGION"] = "eu-west-1"  # the AWS CLI 1 of the tests does not read AWS_REGION

        def run(text: str) -> subprocess.CompletedProcess[str]:
            command = ["bash", "-c", text]
            return subprocess.run(
                command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
            )

        done = run(commands())
        assert done.returncode == 0, done.stderr
        roles = run("aws iam list-roles --query 'Roles[].RoleName' --output text").stdout.split()
        assert {f"laneway-documents-{each}" for each in ("pool", "keda", "operator")} <= set(roles)
