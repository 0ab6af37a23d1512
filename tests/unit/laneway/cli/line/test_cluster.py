from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from laneway.cli.line.cluster import NoClusterError, stages_of
from laneway.cli.line.top import look_again, shown
from support.inputs.lines import line_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from laneway.client.line.line import LaneLine
    from laneway.client.pool import Pool


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only program there is; it is to be written."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "kubectl"


def written(kubectl: Path, script: str) -> None:
    kubectl.write_text(f"#!/bin/sh\n{script}\n")
    kubectl.chmod(0o755)


def test_the_pools_own_status_is_asked_for(kubectl: Path) -> None:
    asked = "get llmworkerpools.laneway.dev documents --namespace nlp --output json"
    told = '{"status": {"lanes": [{"name": "fast", "stage": "PullingImages"}]}}'
    written(kubectl, f"[ \"$*\" = '{asked}' ] && echo '{told}'")
    assert stages_of("nlp/documents") == {"fast": "image pulling"}


def test_what_kubectl_says_of_a_failure_is_told_without_what_a_terminal_obeys(kubectl: Path) -> None:
    written(kubectl, "printf 'Error from server (Forbidden): no\\033[2J\\n' >&2; exit 1")
    with pytest.raises(
        NoClusterError, match=r"kubectl can't read pool nlp/documents: Error from server \(Forbidden\): no\[2J$"
    ):
        stages_of("nlp/documents")


@pytest.mark.usefixtures("kubectl")
def test_without_kubectl_that_is_told() -> None:
    with pytest.raises(NoClusterError, match="no kubectl on this machine"):
        stages_of("nlp/documents")


class OneLane:
    """The lines of a pool."""

    document = SimpleNamespace(pool="nlp/documents")

    def line(self, stages: Mapping[str, str] | None = None) -> dict[str, LaneLine]:
        return {"fast": line_with(stage=(stages or {}).get("fast", ""))}


def test_a_cluster_that_does_not_answer_for_a_moment_ends_no_look(kubectl: Path) -> None:
    source = cast("Pool", OneLane())
    written(kubectl, "echo 'Unable to connect to the server: EOF' >&2; exit 1")
    lines = shown(look_again(source, cluster=True).values()).splitlines()
    assert lines[2:] == ["kubectl can't read pool nlp/documents: Unable to connect to the server: EOF"]
    written(kubectl, """echo '{"status": {"lanes": [{"name": "fast", "stage": "PullingImages"}]}}'""")
    assert "image pulling" in shown(look_again(source, cluster=True).values())
