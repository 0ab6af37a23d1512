"""Which programs the test cluster takes, and what it says where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from laneway.local.say import ConsoleSay
from support.toolchain.toolbox import KEDA, KUBERNETES, Toolbox, ToolMissing

if TYPE_CHECKING:
    from pathlib import Path

FITTING, TOO_OLD = "3.6.1", "3.5.1"


def test_one_in_kubebuilder_assets_that_fits_is_taken_before_one_on_path(tmp_path: Path) -> None:
    assets, path = _etcd(tmp_path / "assets", FITTING), _etcd(tmp_path / "path", FITTING)
    assert _toolbox(tmp_path, path, assets).program("etcd") == assets / "etcd"


def test_one_on_path_is_taken_where_that_in_kubebuilder_assets_is_too_old(tmp_path: Path) -> None:
    assets, path = _etcd(tmp_path / "assets", TOO_OLD), _etcd(tmp_path / "path", FITTING)
    assert _toolbox(tmp_path, path, assets).program("etcd") == path / "etcd"


def test_without_one_that_fits_and_without_go_it_says_how_to_get_it(tmp_path: Path) -> None:
    path = _etcd(tmp_path / "path", TOO_OLD)
    with pytest.raises(ToolMissing, match=r"etcd is missing; install Go 1\.26 or newer"):
        _toolbox(tmp_path, path).program("etcd")


def test_a_built_one_is_found_by_all_that_went_into_it(tmp_path: Path) -> None:
    tools = _toolbox(tmp_path, tmp_path)
    built = tools.folder / f"{KEDA.name}-{KEDA.key()}"
    (built / "crds").mkdir(parents=True)
    (built / "keda-operator").touch()
    assert tools.program("keda-operator") == built / "keda-operator"
    assert tools.files(KEDA, "crds") == []
    assert KEDA.key() != KUBERNETES.key()


def _toolbox(folder: Path, path: Path, assets: Path | None = None) -> Toolbox:
    environment = {"LANEWAY_CACHE": str(folder / "cache"), "PATH": str(path)}
    return Toolbox({**environment, **({"KUBEBUILDER_ASSETS": str(assets)} if assets else {})}, _silent())


def _silent() -> ConsoleSay:
    return ConsoleSay(Console(quiet=True))


def _etcd(folder: Path, version: str) -> Path:
    folder.mkdir()
    (folder / "etcd").write_text(f"#!/bin/sh\necho 'etcd Version: {version}'\n")
    (folder / "etcd").chmod(0o700)
    return folder
