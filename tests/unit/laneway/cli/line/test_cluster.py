from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.cli.line.cluster import NoClusterError, stages_of

if TYPE_CHECKING:
    from pathlib import Path


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
