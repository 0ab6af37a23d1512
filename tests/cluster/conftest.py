"""One cluster of each shape for all tests that only add objects of their own to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.cluster.cluster import api_cluster, node_cluster
from support.images import required
from support.operator.process import operated_by_process
from support.toolchain.toolbox import ToolMissing
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.cluster.cluster import Cluster
    from support.operator.process import Operated


SHARED = ("operated", "node", "api")
ALONE = "test_prometheus"
"""It mostly waits: beside others, with an operator of its own, it takes no longer than they do."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run by several processes, what shares a cluster stays in one process."""
    for item in items:
        if "/cluster/" in item.path.as_posix():
            # the first cluster of all may build its programs
            item.add_marker(pytest.mark.timeout(300, func_only=True))
        if item.path.parent.name == "cluster" and item.path.parent.parent.name == "tests":
            shared = [each for each in SHARED if each in getattr(item, "fixturenames", ())]
            group = item.path.stem if item.path.stem == ALONE or not shared else shared[0]
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """With KEDA, and with nodes by name only."""
    try:
        with api_cluster(tmp_path_factory.mktemp("api"), keda=True) as cluster:
            yield cluster
    except ToolMissing as error:
        missing(error.what, error.how)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """With KEDA, a real node, and the images of the tests."""
    images = list(required().values())
    try:
        with node_cluster(tmp_path_factory.mktemp("node"), images) as cluster:
            yield cluster
    except ToolMissing as error:
        missing(error.what, error.how)


@pytest.fixture(scope="session")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """A cluster of its own: an operator serves every pool that there is."""
    try:
        with (
            api_cluster(tmp_path_factory.mktemp("operated"), keda=True) as cluster,
            operated_by_process(cluster, tmp_path_factory.mktemp("operator")) as operated,
        ):
            yield operated
    except ToolMissing as error:
        missing(error.what, error.how)
