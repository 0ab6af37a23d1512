"""`laneway up`'s dashboard, and `laneway dashboard`, as a person on call uses them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from laneway import Pool
from support.inputs.pool_files import CANARY, one_lane_pool
from support.local.pool import LANEWAY, environment, local_pool
from support.ollama.stub import Reply, error, records, stub_ollama
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.local.pool import LocalPool
    from support.ollama.stub import Asked

MODEL = "stub:latest"
POOL = "/pools/default/own"
LINK = re.compile(r"http://127\.0\.0\.1:\d+/enter\?token=\S+")
SAME = {"sec-fetch-site": "same-origin"}
DEFAULT_PORT = 11436


class Visit:
    """A browser that has opened the newest link that opens."""

    def __init__(self, words: Callable[[], str]) -> None:
        found = eventually(lambda: _entered(LINK.findall(words())[-1]))
        assert found is not None
        self.client = found

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **form: str) -> str:
        answer = self.client.post(path, data=form, headers=SAME)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


def _entered(link: str) -> httpx.Client | None:
    client = httpx.Client(base_url=link.partition("/enter")[0], timeout=30, trust_env=False)
    if client.get(link).status_code == 303:
        return client
    client.close()  # somebody was quicker: the next link is on its way
    return None


def _said(asked: Asked) -> Reply:
    if "broken" in str(asked.body.get("prompt")):
        return error(400, "the input length exceeds the context length")
    return records({"response": "Paris", "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1})


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPool]:
    with stub_ollama() as stub, local_pool(tmp_path_factory.mktemp("dashboard"), one_lane_pool(MODEL)) as found:
        stub.on("/api/version", records({"version": "0.24.0"}))
        stub.on("/api/tags", records({"models": [{"name": MODEL, "digest": "a" * 64}]}))
        stub.on("/api/show", records({"capabilities": ["completion"]}))
        stub.answering("/api/generate", _said)
        found.start(OLLAMA_HOST=stub.url)
        found.wait_until_serving()
        yield found
        assert found.stop() == 0, found.words


@pytest.fixture
def visit(pool: LocalPool) -> Iterator[Visit]:
    found = Visit(lambda: pool.words)
    yield found
    found.client.close()


def test_a_failed_job_is_found_and_retried(pool: LocalPool, visit: Visit) -> None:
    client = Pool(str(pool.state))
    client.submit(f"{CANARY} broken", id="a-broken-one")
    client.wait("a-broken-one", timeout=180)
    eventually(lambda: "a-broken-one" in visit.get(f"{POOL}/failed"))
    assert "default/own" in visit.get("/")
    assert "prompt_too_long" in visit.get(f"{POOL}/jobs/a-broken-one")
    where = visit.post(f"{POOL}/actions", verb="retry", id="a-broken-one")
    eventually(lambda: "ended" in visit.get(where))
    assert CANARY in visit.get(f"{POOL}/jobs/a-broken-one/texts")
    assert CANARY not in visit.get(f"{POOL}/jobs/a-broken-one")


def test_a_lane_is_paused_and_goes_on(pool: LocalPool, visit: Visit) -> None:
    client, log = Pool(str(pool.state)), pool.state / "logs/worker-only.log"
    visit.post(f"{POOL}/lanes/only/pause")
    assert "paused" in visit.get(f"{POOL}/lanes/only")
    eventually(lambda: "asleep" in log.read_text() or "suspended" in log.read_text(), 60)
    client.submit("Capital of France?", id="a-patient-one")
    visit.post(f"{POOL}/lanes/only/resume")
    assert client.result("a-patient-one", timeout=180).text == "Paris"


def test_a_dashboard_that_is_killed_is_started_anew(pool: LocalPool) -> None:
    links = len(LINK.findall(pool.words))
    os.kill(pool.pid_of("dashboard"), signal.SIGKILL)
    eventually(lambda: len(LINK.findall(pool.words)) > links)
    Visit(lambda: pool.words).client.close()


def test_a_command_shows_a_pool_to_who_may_look(pool: LocalPool, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    command = [*LANEWAY, "dashboard", "--pool", str(pool.state), "--viewer"]
    variables = environment(XDG_STATE_HOME=str(tmp_path))
    with words.open("wb") as out, subprocess.Popen(command, env=variables, stdout=out, stderr=out) as process:
        try:
            eventually(lambda: LINK.search(words.read_text()))
            found = Visit(words.read_text)
            assert "viewer" in found.get("/")
            refused = found.client.post(f"{POOL}/lanes/only/pause", headers=SAME)
            assert refused.status_code == 403
            found.client.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    assert "Traceback" not in words.read_text()


def test_a_pool_that_is_not_there_is_named(tmp_path: Path) -> None:
    command = [*LANEWAY, "dashboard", "--pool", str(tmp_path)]
    done = subprocess.run(
        command, env=environment() | {"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "no pool is running" in done.stderr
