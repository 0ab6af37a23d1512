"""The images, by what is in them and by running them: as their user, without capabilities, with a read-only root."""

from __future__ import annotations

import json
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.images import required
from support.images.builders.oci import members, read_archive
from support.images.contents.distributions import BESIDE, part_of
from support.images.contents.ollama import MODELS, manifest
from support.images.rootfs import OUTSIDE, USER, Rootfs, unpacked
from support.ollama.real import GEMMA
from support.processes import free_port, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OURS = ("worker", "operator", "gateway", "projector", "dashboard")
NAMES = (*OURS, "ollama")
OLLAMA_WRITABLE = ("/models", "/home/ollama", "/tmp")  # noqa: S108 - the folders of a container
ANSWER_SECONDS = 60.0
INSTALLED = """
import importlib.metadata, json
print(json.dumps(sorted(each.name for each in importlib.metadata.distributions())))
"""
WRITES = """
import os, sys
for top in ("/", "/opt/laneway", "/etc"):
    try:
        open(os.path.join(top, "mark"), "w")
    except OSError as error:
        print(top, error.strerror)
    else:
        sys.exit(f"wrote into {top}")
print(os.getuid(), os.getgid(), os.getgroups())
"""


@pytest.fixture(scope="module")
def archives() -> dict[str, Path]:
    return required()


@pytest.fixture(scope="module")
def rootfs(archives: dict[str, Path]) -> Iterator[Callable[[str], Rootfs]]:
    with ExitStack() as stack:
        known: dict[str, Rootfs] = {}

        def get(name: str) -> Rootfs:
            if name not in known:
                known[name] = stack.enter_context(unpacked(archives[name]))
            return known[name]

        yield get


@pytest.mark.parametrize(
    ("name", "entrypoint", "command"),
    [
        ("worker", ["laneway-worker"], None),
        ("operator", ["laneway-operator"], ["run"]),
        ("gateway", ["laneway-gateway"], None),
        ("projector", ["laneway-table"], None),
        ("dashboard", ["laneway-dashboard"], None),
        ("ollama", ["/usr/local/bin/ollama-seeded"], ["serve"]),
    ],
)
def test_starts_as_the_charts_and_the_operator_expect(
    archives: dict[str, Path], name: str, entrypoint: list[str], command: list[str] | None
) -> None:
    contents = read_archive(archives[name])
    assert contents.name == f"laneway.local/{name}:test"
    assert contents.config["config"]["Entrypoint"] == entrypoint
    assert contents.config["config"].get("Cmd") == command


@pytest.mark.parametrize("name", NAMES)
def test_user_is_a_number_other_than_root(archives: dict[str, Path], name: str) -> None:
    user, _, group = read_archive(archives[name]).config["config"]["User"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


@pytest.mark.parametrize("name", OURS)
def test_labels_say_what_it_is(archives: dict[str, Path], name: str) -> None:
    labels = read_archive(archives[name]).config["config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"laneway-{name}"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.version"] == version(f"laneway-{part_of(name)}")


def test_images_share_their_base(archives: dict[str, Path]) -> None:
    bases = {read_archive(archives[name]).config["rootfs"]["diff_ids"][0] for name in (*OURS, "ollama")}
    assert len(bases) == 1


@pytest.mark.parametrize("name", OURS)
def test_holds_its_own_distribution_and_no_other(rootfs: Callable[[str], Rootfs], name: str) -> None:
    others = {f"laneway-{part_of(each)}" for each in OURS if each != name} - {f"laneway-{BESIDE.get(name)}"}
    done = rootfs(name).run("/opt/laneway/bin/python", "-c", INSTALLED)
    installed = set(json.loads(done.stdout))
    assert {"laneway", f"laneway-{part_of(name)}"} <= installed
    assert not installed & {*others, "laneway-workspace", "moto", "uv", "pip", "pytest", "mypy", "ruff"}


@pytest.mark.parametrize("name", OURS)
def test_holds_neither_sources_nor_build_tools(archives: dict[str, Path], name: str) -> None:
    found = members(archives[name])
    assert "/opt/laneway/LICENSE" in found
    assert not {"/src", "/opt/uv", "/usr/bin/gcc", "/usr/bin/cc", "/etc/uv", "/etc/pip.conf"} & set(found)


@pytest.mark.parametrize("name", OURS)
def test_code_is_compiled_and_root_s_alone(archives: dict[str, Path], name: str) -> None:
    code = {path: each for path, each in members(archives[name]).items() if path.startswith("/opt/")}
    assert any(f"/laneway_{part_of(name)}/__pycache__/__init__." in path for path in code)
    assert [path for path, each in code.items() if each.uid or (each.mode & 0o022 and not each.issym())] == []


@pytest.mark.parametrize("name", OURS)
def test_command_says_its_help(rootfs: Callable[[str], Rootfs], name: str) -> None:
    image = rootfs(name)
    done = image.run(*image.entry("--help"))
    assert done.returncode == 0, done.stderr
    assert f"laneway-{part_of(name)}" in done.stdout
    assert done.stderr == ""


def test_worker_refuses_a_missing_document_in_one_line(rootfs: Callable[[str], Rootfs]) -> None:
    image = rootfs("worker")
    done = image.run(*image.entry("--config", "/etc/laneway/lane.json", "--live", "/etc/laneway-live/live.json"))
    assert done.returncode == 2
    assert done.stderr.startswith("laneway-worker: can't read /etc/laneway/lane.json")


def test_dashboard_has_its_driver_and_what_browsers_run(
    archives: dict[str, Path], rootfs: Callable[[str], Rootfs]
) -> None:
    done = rootfs("dashboard").run("/opt/laneway/bin/python", "-c", "import psycopg; print(psycopg.pq.__impl__)")
    assert done.stdout == "binary\n", done.stderr
    assert any(path.endswith("laneway_dashboard/static/vendor/htmx.min.js") for path in members(archives["dashboard"]))


def test_dashboard_outside_of_a_cluster_says_so_in_one_line(rootfs: Callable[[str], Rootfs]) -> None:
    image = rootfs("dashboard")
    done = image.run(*image.entry(), environment={"LANEWAY_DASHBOARD_MODE": "cluster"})
    assert done.returncode == 2
    assert done.stderr.startswith("laneway-dashboard: LANEWAY_DASHBOARD_MODE=cluster needs a pod of a cluster")


def test_projector_has_its_driver_and_the_command_of_a_rebuild(rootfs: Callable[[str], Rootfs]) -> None:
    image = rootfs("projector")
    done = image.run("/opt/laneway/bin/python", "-c", "import psycopg, psycopg_pool; print(psycopg.pq.__impl__)")
    assert done.stdout == "binary\n", done.stderr
    rebuilt = image.run("laneway", "table", "rebuild", "--table", "/etc/laneway/projector.json")
    assert rebuilt.returncode == 2
    assert "/etc/laneway/projector.json can't be read: No such file or directory" in rebuilt.stderr


def test_root_is_read_only_and_the_user_is_nobody(rootfs: Callable[[str], Rootfs]) -> None:
    done = rootfs("worker").run("/opt/laneway/bin/python", "-c", WRITES)
    assert done.stdout.splitlines() == [
        "/ Read-only file system",
        "/opt/laneway Read-only file system",
        "/etc Read-only file system",
        f"{USER} {USER} []",
    ]


def test_ollama_serves_its_model_from_an_empty_folder(rootfs: Callable[[str], Rootfs], tmp_path: Path) -> None:
    image, port = rootfs("ollama"), free_port()
    environment = {"OLLAMA_HOST": f"127.0.0.1:{port}", "OLLAMA_MODELS": "/models", "HOME": "/home/ollama"}
    command = image.command(image.entry(), environment, OLLAMA_WRITABLE)
    with server(command, OUTSIDE, port, tmp_path / "ollama.log"):
        probe = image.run("ollama", "list", environment=environment, writable=OLLAMA_WRITABLE)
        assert probe.returncode == 0, probe.stderr
        assert {line.split()[0] for line in probe.stdout.splitlines()} == {"NAME", *MODELS}
        assert _generate(f"http://127.0.0.1:{port}")["done"]


def test_ollama_image_holds_no_other_model(archives: dict[str, Path]) -> None:
    found = members(archives["ollama"])
    manifests = [path for path, each in found.items() if path.startswith("/seed/manifests/") and each.isfile()]
    assert sorted(manifests) == sorted(f"/seed/{manifest(each)}" for each in MODELS)


def _generate(url: str) -> dict[str, Any]:
    body = {"model": GEMMA, "prompt": "One, two,", "stream": False, "options": {"num_predict": 2}}
    answer = httpx.post(f"{url}/api/generate", json=body, timeout=ANSWER_SECONDS, trust_env=False)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
