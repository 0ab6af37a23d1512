"""A pull, by what Ollama writes: lines taken from 0.11.4 and the sources of later versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from laneway_worker.adapters.ollama.pull import pull
from laneway_worker.errors import EngineCrashed, ModelPullFailed, Unavailable
from laneway_worker.testing.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "gemma3:4b"
MANIFEST = {"status": "pulling manifest"}
VERIFYING = {"status": "verifying sha256 digest"}
WRITING = {"status": "writing manifest"}
SUCCESS = {"status": "success"}
NO_ROUTE = (
    'pull model manifest: Get "https://registry.ollama.ai/v2/library/gemma3/manifests/4b": '
    "dial tcp: lookup registry.ollama.ai on 10.96.0.10:53: no such host"
)


def layer(completed: int, name: str = "a", total: int = 1000) -> dict[str, Any]:
    return {"status": f"pulling {name * 12}", "digest": f"sha256:{name * 64}", "total": total, "completed": completed}


def pulled(*records: dict[str, Any], seconds: float = 1.0, status: int = 200) -> list[str]:
    """What is told while Ollama writes these records, so many seconds apart."""
    clock = ManualClock()

    def written() -> Iterator[bytes]:
        for record in records:
            clock.advance(seconds)
            yield json.dumps(record).encode() + b"\n"

    return told_by(httpx.MockTransport(lambda _: httpx.Response(status, content=written())), clock)


def told_by(transport: httpx.MockTransport, clock: ManualClock | None = None) -> list[str]:
    told: list[str] = []
    with httpx.Client(transport=transport, base_url="http://ollama") as http:
        pull(http, MODEL, clock or ManualClock(), told.append)
    return told


def refused(words: str) -> str:
    with pytest.raises(ModelPullFailed) as caught:
        pulled(MANIFEST, {"error": words})
    return str(caught.value)


def test_a_pull_asks_for_the_model_and_a_stream() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=json.dumps(SUCCESS))

    told_by(httpx.MockTransport(answer))
    assert [(each.method, each.url.path, json.loads(each.content)) for each in asked] == [
        ("POST", "/api/pull", {"model": MODEL})
    ]


def test_what_has_come_is_told() -> None:
    told = pulled(MANIFEST, layer(0), layer(410), layer(414), layer(1000), VERIFYING, WRITING, SUCCESS)
    assert told == [
        "pulling gemma3:4b: 41 %",
        "pulling gemma3:4b: 100 %",
        "pulling gemma3:4b: verifying sha256 digest",
        "pulling gemma3:4b: writing manifest",
        "pulling gemma3:4b: success",
    ]


def test_layers_count_together() -> None:
    told = pulled(layer(0), layer(1000), layer(0, "b", 3000), layer(1000, "b", 3000), SUCCESS)
    assert told[:2] == ["pulling gemma3:4b: 100 %", "pulling gemma3:4b: 50 %"]


@pytest.mark.parametrize(
    "records",
    [[MANIFEST], [MANIFEST, layer(410)], [MANIFEST, layer(1000), layer(410, "b"), layer(410, "b")]],
    ids=["nothing", "what came before", "a whole layer and a part"],
)
def test_a_pull_that_gets_nothing_new_tells_nothing(records: list[dict[str, Any]]) -> None:
    told: list[str] = []
    lines = "\n".join(json.dumps(each) for each in [*records, {"error": NO_ROUTE}])
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=lines))
    with httpx.Client(transport=transport, base_url="http://ollama") as http, pytest.raises(ModelPullFailed):
        pull(http, MODEL, ManualClock(), told.append)
    assert told == []


def test_a_slow_pull_may_take_for_ever() -> None:
    assert len(pulled(*[layer(each) for each in range(1000)], SUCCESS, seconds=119)) == 101


def test_a_download_that_stands_still_is_given_up() -> None:
    with pytest.raises(ModelPullFailed, match=r"nothing has come for 120 s at 41 %"):
        pulled(*[layer(410)] * 200)


def test_a_download_that_goes_back_stands_not_still() -> None:
    assert pulled(layer(500), *[layer(400 + each % 2 * 100) for each in range(300)], SUCCESS)


def test_silence_while_a_large_model_is_checked_is_no_standstill() -> None:
    assert pulled(layer(0), layer(1000), VERIFYING, WRITING, SUCCESS, seconds=800)


def test_silence_is_given_up_in_the_end() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        assert request.extensions["timeout"]["read"] == 900
        raise httpx.ReadTimeout("silence", request=request)

    with pytest.raises(ModelPullFailed, match="said nothing for 900 s"):
        told_by(httpx.MockTransport(silent))


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("pull model manifest: file does not exist", "correct the model's name"),
        (NO_ROUTE, "see that Ollama reaches its registry"),
        ("open /models/blobs/sha256-aa-partial: no space left on device", "more room"),
        ("pull model manifest: 412: The model requires a newer version of Ollama", "newer Ollama"),
        ("unauthorized: access denied", "anybody may pull"),
        ("digest mismatch, file must be downloaded again: want sha256:aa, got sha256:bb", "proxy"),
    ],
)
def test_a_refusal_has_ollamas_own_words_and_what_to_do(words: str, advice: str) -> None:
    told = refused(words)
    assert told.startswith(f"Ollama can't pull {MODEL}: {words}; ")
    assert advice in told.removeprefix(words)


def test_what_differs_with_each_try_is_left_out() -> None:
    blob = 'max retries exceeded: Get "https://cdn.example/blob?X-Amz-Date='
    one = refused(f'{blob}1": read tcp 10.0.0.7:40001->1.2.3.4:443: EOF')
    two = refused(f'{blob}2": read tcp 10.0.0.7:40002->1.2.3.4:443: EOF')
    assert one == two
    assert "read tcp 1.2.3.4:443: EOF" in one
    assert "Amz" not in one


def test_a_refusal_is_one_short_line() -> None:
    told = refused("500: <html>\n" + "x" * 5000)
    assert told.startswith(f"Ollama can't pull {MODEL}: 500: <html>; ")
    assert len(refused("x" * 5000)) < 400


def test_an_error_by_status_is_a_refusal_too() -> None:
    with pytest.raises(ModelPullFailed, match="invalid model name; correct the model's name"):
        pulled({"error": "invalid model name"}, status=400)


@pytest.mark.parametrize("records", [[], [MANIFEST], [layer(10), layer(1000), VERIFYING]])
def test_a_pull_that_breaks_off_is_tried_again(records: list[dict[str, Any]]) -> None:
    with pytest.raises(Unavailable, match="stopped pulling") as caught:
        pulled(*records)
    assert not caught.value.lasting


def test_an_ollama_that_dies_is_tried_again() -> None:
    def die(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("closed", request=request)

    with pytest.raises(Unavailable, match="stopped pulling") as caught:
        told_by(httpx.MockTransport(die))
    assert not caught.value.lasting


def test_no_json_is_no_pull() -> None:
    with pytest.raises(EngineCrashed):
        told_by(httpx.MockTransport(lambda _: httpx.Response(200, content=b"<html>\n")))
