"""One pool for all tests that don't harm it, and pools of their own for those that do."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from laneway.client.connection import CONNECTION_FILE
from laneway.schema.job.keys import Place
from support.inputs.pool_files import BUCKET, SHARED_POOL, one_lane_pool
from support.local.pool import FIRST_READY_SECONDS, LocalPool, local_pool, require_ollama
from support.ollama.real import ollama_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

IDLE_PREFIX = "idle/"


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run by several processes, what shares a pool or a run of all cases stays in one process; the rest is spread."""
    for item in items:
        if "/e2e/" in item.path.as_posix() and "/e2e/cluster/" not in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(300, func_only=True))  # the first `up` of all may build an Ollama
            for fixture in {"shared", "run"} & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.xdist_group(fixture))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """What failed on the shared pool is told with the pool's last lines: nobody can ask it later."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined] # a hook wrapper's yield is not typed
    shared = getattr(item, "funcargs", {}).get("shared")
    if call.when == "call" and report.failed and isinstance(shared, LocalPool):
        report.sections.append(("the shared pool", shared.last_lines()))


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> None:
    """A shell's background job ignores SIGINT, and so would every command that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPool]:
    require_ollama()
    with local_pool(tmp_path_factory.mktemp("shared"), SHARED_POOL) as pool:
        pool.start()
        pool.wait_until_serving(FIRST_READY_SECONDS)
        told = pool.aws.subscribed(pool.topic)
        yield pool
        pool.metrics()
        pool.aws.notifications(told)  # each is searched for planted words
        assert pool.stop() == 0, pool.words


@pytest.fixture(scope="session")
def idle(shared: LocalPool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose pool has the shared pool's lanes and queues that nobody works on: jobs stay queued."""
    aws = shared.aws
    place = Place(bucket=BUCKET, prefix=IDLE_PREFIX)
    document = json.loads(shared.pool.document.model_dump_json())
    for lane in document["lanes"]:
        lane["queue"]["url"] = aws.sqs.create_queue(QueueName=f"idle-{lane['name']}")["QueueUrl"]
    aws.s3.put_object(Bucket=BUCKET, Key=place.pool_document(), Body=json.dumps(document).encode())
    connection = shared.connection.model_copy(update={"place": place})
    folder = tmp_path_factory.mktemp("idle")
    (folder / CONNECTION_FILE).write_text(connection.model_dump_json())
    return folder


@pytest.fixture(scope="session")
def _filled_cache() -> None:
    """What an `up` needs is there, so that it is ready in seconds."""
    ollama_files()


@pytest.fixture
def own_pool(_filled_cache: None, tmp_path: Path) -> Iterator[Callable[..., LocalPool]]:
    """Makes pools that a test may harm."""
    with ExitStack() as stack:

        def make(text: str = one_lane_pool(), *, started: bool = True) -> LocalPool:
            folder = tmp_path / f"pool-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            pool = stack.enter_context(local_pool(folder, text))
            if started:
                pool.start()
                pool.wait_until_serving()
            return pool

        yield make
