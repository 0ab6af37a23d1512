"""One real cluster with Laneway on it: both charts by Helm, the operator as a pod; containerd knows image volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.aws.emulated import EMULATORS
from support.cluster.cluster import node_cluster
from support.images import required
from support.pods.installed import Installed, given_cluster, install
from support.toolchain.toolbox import ToolMissing
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pods need their time."""
    here = [each for each in items if "/e2e/cluster/" in each.path.as_posix()]
    for item in here:
        item.add_marker(pytest.mark.timeout(600, func_only=True))


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "use the cluster of KUBECONFIG and AWS_ENDPOINT_URL, on which Laneway is installed"
    parser.addoption("--given-cluster", action="store_true", help=words)
    parser.addoption("--emulator", choices=EMULATORS, default="moto", help="what is AWS in a cluster of our own")


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    if request.config.getoption("--given-cluster", default=False):
        yield Installed(given_cluster())
        return
    images, folder = list(required().values()), tmp_path_factory.mktemp("node")
    emulate = EMULATORS[request.config.getoption("--emulator", default="moto")]
    try:
        with node_cluster(folder, images, image_volumes=True, emulate=emulate) as cluster:
            yield install(cluster)
    except ToolMissing as error:
        missing(error.what, error.how)
