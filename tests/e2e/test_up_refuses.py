"""What keeps a pool from running is said in words, with an exit code, and nothing is left running."""

from __future__ import annotations

import json
import os
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from laneway.local.ollama.cache import Cache
from support.inputs.pool_files import one_lane_pool
from support.local.pool import environment, laneway
from support.processes import closed_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.local.pool import LocalPool

PASSED_BY = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
"""No registry can be reached through these; what is on loopback needs no HTTPS."""


def refused(pool: LocalPool, *options: str | Path, **variables: str) -> str:
    """The words of an `up` that can't start."""
    pool.start(*options, **variables)
    assert pool.wait() == 4, pool.words
    assert "Traceback" not in pool.words
    return pool.words


def copy_with_broken_weights(source: Path, target: Path) -> None:
    """A cache with SmolLM alone, and of its weights the first half."""
    (manifest,) = (source / "models" / "manifests").glob("*/library/smollm2/135m")
    copy = target / manifest.relative_to(source)
    copy.parent.mkdir(parents=True)
    shutil.copy(manifest, copy)
    document = json.loads(manifest.read_text())
    (target / "models" / "blobs").mkdir()
    for each in [document["config"], *document["layers"]]:
        name = str(each["digest"]).replace(":", "-")
        shutil.copy(source / "models" / "blobs" / name, target / "models" / "blobs" / name)
    weights = max((target / "models" / "blobs").iterdir(), key=lambda blob: blob.stat().st_size)
    os.truncate(weights, weights.stat().st_size // 2)
    for built in source.glob("ollama-*"):
        (target / built.name).symlink_to(built)


def test_an_invalid_pool_is_refused_with_its_line(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool(one_lane_pool().replace("lanes:", "lains:"), started=False)
    pool.start()
    assert pool.wait() == 2
    assert f"{pool.file}:7: " in pool.words
    assert "did you mean lanes?" in pool.words
    assert not pool.state.exists()


def test_a_pool_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = laneway("up", "none.yaml", variables=environment(), folder=tmp_path)
    assert done.returncode == 2
    assert "none.yaml" in done.stderr


def test_options_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(one_lane_pool())
    options = ("--aws", "--aws-endpoint", "http://127.0.0.1:9")
    done = laneway("up", file, *options, variables=environment(), folder=tmp_path)
    assert done.returncode == 2
    assert "--aws-endpoint" in done.stderr


def test_a_state_folder_has_one_up(shared: LocalPool) -> None:
    done = shared.cli("up", shared.file, "--state", shared.state)
    assert done.returncode == 4
    assert str(shared.state) in done.stderr
    assert str(shared.process.pid) in done.stderr
    assert "--state" in done.stderr
    assert shared.cli("top", "--once").returncode == 0


def test_a_port_in_use_is_told_with_its_option(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool(started=False)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        words = refused(pool, "--aws-port", port)
    assert port in words
    assert "--aws-port" in words


def test_a_model_that_can_not_be_had_offline_is_told_with_those_that_can(own_pool: Callable[..., LocalPool]) -> None:
    words = refused(own_pool(one_lane_pool("nosuchmodel:1b"), started=False), **PASSED_BY)
    assert "nosuchmodel:1b" in words
    assert "gemma3:270m" in words
    assert "smollm2:135m" in words


def test_an_image_of_models_is_said_to_be_for_clusters(own_pool: Callable[..., LocalPool]) -> None:
    text = one_lane_pool("nosuchmodel:1b") + '  modelStore: {image: {reference: "registry.example/models:1"}}\n'
    words = refused(own_pool(text, started=False), **PASSED_BY)
    assert "modelStore is for clusters: the image registry.example/models:1 is left alone" in words
    assert words.index("modelStore is") < words.index("nosuchmodel:1b is not in Ollama")


def test_a_claim_of_models_is_said_to_be_for_clusters(own_pool: Callable[..., LocalPool]) -> None:
    text = one_lane_pool("nosuchmodel:1b") + "  modelStore: {volumeClaim: {name: models}}\n"
    words = refused(own_pool(text, started=False), **PASSED_BY)
    assert "modelStore is for clusters: the volume claim models is left alone, Ollama pulls the models" in words


def test_an_engine_is_said_to_be_for_clusters(own_pool: Callable[..., LocalPool]) -> None:
    words = refused(own_pool(one_lane_pool("nosuchmodel:1b") + "  engine: next\n", started=False), **PASSED_BY)
    assert "engine is for clusters: next is left alone, this machine has one Ollama" in words


def test_a_pinned_digest_that_the_model_has_not_is_told(own_pool: Callable[..., LocalPool]) -> None:
    text = one_lane_pool().replace("contextLength", f'digest: "sha256:{"0" * 64}", contextLength')
    words = refused(own_pool(text, started=False))
    assert "lane only" in words
    assert "0" * 64 in words


def test_broken_weights_are_told_and_not_waited_for(own_pool: Callable[..., LocalPool], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    copy_with_broken_weights(Cache(environment()).root, cache)
    words = refused(own_pool(started=False), LANEWAY_CACHE=str(cache))
    assert "lane only" in words
    assert "smollm2:135m" in words


def test_an_ollama_host_where_nothing_answers_is_named(own_pool: Callable[..., LocalPool]) -> None:
    with closed_port() as port:
        words = refused(own_pool(started=False), OLLAMA_HOST=f"127.0.0.1:{port}")
    assert "OLLAMA_HOST" in words
    assert str(port) in words


def test_an_aws_endpoint_where_nothing_answers_is_named(own_pool: Callable[..., LocalPool]) -> None:
    with closed_port() as port:
        words = refused(own_pool(started=False), "--aws-endpoint", f"http://127.0.0.1:{port}")
    assert str(port) in words


def test_without_ollama_and_go_it_says_how_to_install_them(own_pool: Callable[..., LocalPool], tmp_path: Path) -> None:
    tools, cache = tmp_path / "tools", tmp_path / "cache"
    tools.mkdir()
    ps = shutil.which("ps")
    assert ps is not None
    (tools / "ps").symlink_to(ps)
    words = refused(own_pool(started=False), PATH=str(tools), LANEWAY_CACHE=str(cache))
    assert "https://ollama.com/download" in words
    assert "Go 1.24+" in words


def test_a_state_folder_that_is_a_file_is_named(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool(started=False)
    pool.state.write_text("")
    assert str(pool.state) in refused(pool)


def test_a_cache_that_is_a_file_is_named(own_pool: Callable[..., LocalPool], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.write_text("")
    words = refused(own_pool(started=False), LANEWAY_CACHE=str(cache))
    assert str(cache) in words
    assert "LANEWAY_CACHE" in words


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_folder_that_may_not_be_written_is_named(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool(started=False)
    pool.state.mkdir(mode=0o500)
    assert "--state" in refused(pool)
