from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chart.installing import install
from chart.rendering import Helm, tool
from support.cluster.cluster import api_cluster
from support.toolchain.toolbox import ToolMissing
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.cluster.cluster import Cluster


@pytest.fixture
def helm(tmp_path: Path) -> Helm:
    return Helm(tool("helm"), tmp_path)


@pytest.fixture
def helm_4(tmp_path: Path) -> Helm:
    return Helm(tool("helm4"), tmp_path)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real control plane with KEDA's resources; pods run in name only."""
    try:
        with api_cluster(tmp_path_factory.mktemp("cluster") / "api", keda=True) as cluster:
            yield cluster
    except ToolMissing as error:
        missing(error.what, error.how)


@pytest.fixture(scope="session")
def installed(api: Cluster) -> Cluster:
    """With both charts, and all that they may install."""
    return install(api)
