"""`laneway up`'s gateway as applications use it: OpenAI's and Ollama's own clients, and kills in mid-answer."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import httpx
import ollama
import openai
import psutil
import pytest

from support.inputs.pool_files import BUCKET, CANARY, GEMMA, one_lane_pool
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.local.pool import LocalPool

ANSWER_SECONDS = 120.0
LONG = 200  # tokens: seconds on two cores
COUNTING = f"{CANARY}. " + ", ".join(str(number) for number in range(1, 30)) + ","
JOB_ID = "x-laneway-job-id"
DEFAULT_PORT = 11435


@pytest.fixture
def pool(own_pool: Callable[..., LocalPool]) -> LocalPool:
    return own_pool(one_lane_pool(GEMMA))


@pytest.fixture
def openais(pool: LocalPool) -> Iterator[openai.OpenAI]:
    url = f"{pool.gateway}/v1"
    with openai.OpenAI(base_url=url, api_key="any", timeout=ANSWER_SECONDS, max_retries=8) as client:
        yield client


@pytest.fixture
def ollamas(pool: LocalPool) -> Iterator[ollama.Client]:
    with ollama.Client(pool.gateway, timeout=ANSWER_SECONDS) as client:
        yield client


def counting(client: ollama.Client, tokens: int = LONG) -> Iterator[ollama.GenerateResponse]:
    """A stream of numbers: both models go on counting, and always alike."""
    options = {"temperature": 0, "seed": 1, "num_predict": tokens}
    return client.generate(model=GEMMA, prompt=COUNTING, raw=True, stream=True, options=options)


def begun(stream: Iterator[ollama.GenerateResponse], pieces: int = 1) -> list[ollama.GenerateResponse]:
    """What has come when so many pieces had words."""
    found: list[ollama.GenerateResponse] = []
    while sum(bool(each.response) for each in found) < pieces:
        found.append(next(stream))
    return found


def text(*chunks: ollama.GenerateResponse) -> str:
    return "".join(each.response or "" for each in chunks)


def results(pool: LocalPool) -> list[str]:
    """The texts of all results."""
    listed = pool.aws.s3.list_objects_v2(Bucket=BUCKET, Prefix="own/results/").get("Contents", [])
    return [str(pool.aws.object(BUCKET, each["Key"])["text"]) for each in listed]


def noted(pool: LocalPool) -> bool:
    """Whether a repetition finds the job: a gateway that is killed before that leaves a second one."""
    return "Contents" in pool.aws.s3.list_objects_v2(Bucket=BUCKET, Prefix="own/joins/")


def test_openais_client_streams_a_chat(pool: LocalPool, openais: openai.OpenAI) -> None:
    stream = openais.chat.completions.create(
        model=GEMMA,
        messages=[{"role": "user", "content": f"{CANARY}. Capital of France?"}],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=24,
        temperature=0,
    )
    chunks = list(stream)
    text = "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
    (job_id,) = {each.id.removeprefix("chatcmpl-") for each in chunks}
    assert pool.pool.result(job_id).message == {"role": "assistant", "content": text}
    assert len(chunks) > 5
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 5


def test_ollamas_client_streams_an_answer_while_it_is_made(pool: LocalPool, ollamas: ollama.Client) -> None:
    stream = counting(ollamas)
    heard = begun(stream)
    assert results(pool) == []
    *rest, last = stream
    assert results(pool) == [text(*heard, *rest, last)]
    assert last.done
    assert last.eval_count == LONG
    assert 'laneway_gateway_requests_total{door="ollama"' in pool.metrics()
    assert 'laneway_gateway_first_token_seconds_count{door="ollama"' in pool.metrics()


def test_an_answer_goes_on_where_its_worker_is_killed_in_the_middle(pool: LocalPool, ollamas: ollama.Client) -> None:
    stream = counting(ollamas)
    heard = begun(stream, 20)
    psutil.Process(pool.pid_of("worker-only")).kill()
    *rest, last = stream
    assert results(pool) == [text(*heard, *rest, last)]
    assert last.done
    assert "worker-only ended with SIGKILL, restarting" in pool.words


def test_a_client_finds_its_answer_where_the_gateway_is_killed_in_the_middle(
    pool: LocalPool, openais: openai.OpenAI
) -> None:
    """The application does nothing: OpenAI's client sends the request again by itself, and it is one job."""
    before = pool.pid_of("gateway")
    asking = in_thread(
        lambda: openais.completions.create(model=GEMMA, prompt=COUNTING, max_tokens=LONG, temperature=0, seed=1)
    )
    eventually(lambda: pool.pool.figures()["only"].running == 1 and noted(pool))
    psutil.Process(before).kill()
    answer = asking.result(ANSWER_SECONDS)
    assert results(pool) == [answer.choices[0].text]
    assert pool.pid_of("gateway") != before
    assert "gateway ended with SIGKILL, restarting" in pool.words


def test_the_same_idempotency_key_finds_the_job_of_a_broken_stream(pool: LocalPool) -> None:
    body = {"model": GEMMA, "prompt": COUNTING, "raw": True, "options": {"temperature": 0, "num_predict": LONG}}
    headers = {"Idempotency-Key": "story-1"}
    with httpx.stream("POST", f"{pool.gateway}/api/generate", json=body, headers=headers) as broken:
        lines = broken.iter_lines()
        next(lines)
        psutil.Process(pool.pid_of("gateway")).kill()
        with pytest.raises(httpx.HTTPError):
            list(lines)
    eventually(lambda: answers(pool))
    again = httpx.post(
        f"{pool.gateway}/api/generate", json=body | {"stream": False}, headers=headers, timeout=ANSWER_SECONDS
    )
    assert again.status_code == 422  # another body
    again = httpx.post(f"{pool.gateway}/api/generate", json=body, headers=headers, timeout=ANSWER_SECONDS)
    assert again.headers[JOB_ID] == broken.headers[JOB_ID]
    assert len(results(pool)) == 1


def answers(pool: LocalPool) -> bool:
    try:
        return httpx.get(pool.gateway).status_code == 200
    except httpx.TransportError:
        return False


def test_ctrl_c_lets_a_client_have_its_answer(pool: LocalPool, ollamas: ollama.Client) -> None:
    stream = counting(ollamas)
    begun(stream)
    pool.send(signal.SIGINT)
    *_, last = stream
    assert last.done
    assert last.eval_count == LONG
    assert pool.wait() == 0


def test_who_waits_for_a_job_that_nobody_begins_is_told_so_at_the_end(pool: LocalPool, ollamas: ollama.Client) -> None:
    first, second = counting(ollamas, 400), counting(ollamas, 400)
    begun(first)
    waiting = in_thread(lambda: list(second))
    eventually(lambda: pool.pool.figures()["only"].queued == 1)
    pool.send(signal.SIGINT)
    *_, last = first
    assert last.done
    with pytest.raises(ollama.ResponseError, match=r"the gateway is stopping; job .* goes on"):
        waiting.result(ANSWER_SECONDS)
    assert pool.wait() == 0


def test_a_port_in_use_is_left_to_whoever_has_it(own_pool: Callable[..., LocalPool]) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", DEFAULT_PORT))
            holder.listen()
        except OSError:
            pass  # another test's pool has it: just as well
        pool = own_pool(started=False)
        pool.start("--json")
        pool.wait_until_serving()
        port = pool.gateway.rpartition(":")[2]
        assert int(port) > DEFAULT_PORT
        assert f"port {DEFAULT_PORT} is in use: the gateway listens on {port}" in pool.words
        assert f"OPENAI_BASE_URL=http://127.0.0.1:{port}/v1" in pool.words
        assert f'"gateway": "{pool.gateway}"' in pool.words
        assert answers(pool)


def test_a_port_that_was_asked_for_and_is_in_use_is_told(own_pool: Callable[..., LocalPool]) -> None:
    pool = own_pool(started=False)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        pool.start("--http-port", str(holder.getsockname()[1]))
        assert pool.wait() == 4
    assert "choose another with --http-port" in pool.words


def test_a_pool_is_not_its_own_ollama(own_pool: Callable[..., LocalPool]) -> None:
    """Who has exported OLLAMA_HOST for the pool's clients, and starts another pool there."""
    other = own_pool(started=False)
    other.start(OLLAMA_HOST=own_pool().gateway)
    assert other.wait() == 4
    assert "is the gateway of a pool" in other.words


def test_no_page_of_the_web_may_use_it(pool: LocalPool) -> None:
    body = {"model": GEMMA, "prompt": "any"}
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        assert httpx.post(f"{pool.gateway}/api/generate", json=body, headers=headers).status_code == 403
    assert results(pool) == []
