from __future__ import annotations

from typing import Any

import pytest

from laneway.translate.ollama.errors import refusal
from laneway.translate.ollama.requests import Load
from laneway.translate.refused import Refused
from support.doors.translated import ENDPOINTS
from support.inputs.offers import CONTEXT, EMBEDDER, MODEL, MOST_TOKENS, OFFERS

CHAT, GENERATE, EMBED, EMBEDDINGS, SHOW = "/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show"
LEAST: dict[str, dict[str, Any]] = {
    CHAT: {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]},
    GENERATE: {"model": MODEL, "prompt": "hi"},
    EMBED: {"model": EMBEDDER, "input": "hi"},
    EMBEDDINGS: {"model": EMBEDDER, "prompt": "hi"},
}
PASSED_OVER = [
    "num_gpu",
    "num_thread",
    "num_batch",
    "main_gpu",
    "use_mmap",
    "use_mlock",
    "numa",
    "low_vram",
    "f16_kv",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "tfs_z",
    "penalize_newline",
    "nobody_knows",
]


@pytest.mark.parametrize("name", PASSED_OVER)
def test_options_that_load_a_model_or_are_gone_are_passed_over_by_name(name: str) -> None:
    made = ENDPOINTS[GENERATE](LEAST[GENERATE] | {"options": {name: 1, "seed": 7, "top_k": None}}, OFFERS)
    assert made.ignored == (f"options.{name}",)
    assert made.body["options"] == {"seed": 7}


@pytest.mark.parametrize(
    ("options", "becomes"),
    [
        ({}, None),
        ({"temperature": None, "num_ctx": None}, None),
        ({"num_ctx": CONTEXT}, None),
        ({"num_predict": -1}, None),
        ({"num_predict": -2.0}, None),
        ({"num_predict": 1_000_000}, {"num_predict": MOST_TOKENS}),
        ({"seed": 5_577_006_791_947_779_410}, {"seed": 5_577_006_791_947_779_410 % 2**53}),
        ({"seed": -1 - 2**60}, {"seed": 2**53 - 1}),
        ({"seed": 2**53 - 1}, {"seed": 2**53 - 1}),
        ({"seed": -1}, {"seed": -1}),
        ({"temperature": 0, "stop": ["a"], "min_p": 0.1}, {"temperature": 0.0, "stop": ["a"], "min_p": 0.1}),
    ],
)
def test_other_options_are_the_jobs(options: dict[str, Any], becomes: Any) -> None:
    assert ENDPOINTS[CHAT](LEAST[CHAT] | {"options": options}, OFFERS).body.get("options") == becomes


@pytest.mark.parametrize(
    ("path", "changed", "words"),
    [
        (CHAT, {"options": {"num_ctx": CONTEXT + 1}}, f"this lane has a context of {CONTEXT}"),
        (CHAT, {"options": "hot"}, "options: should be an object"),
        (CHAT, {"options": {"num_predict": 0}}, "options.num_predict: should be at least 1"),
        (CHAT, {"options": {"stop": "x"}}, "options.stop: should be a list"),
        (CHAT, {"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role: should be"),
        (CHAT, {"messages": "hi"}, "messages: should be a list"),
        (CHAT, {"messages": [{"role": "user", "images": ["data:image/png;base64,AAAA"]}]}, "leave out data:"),
        (
            CHAT,
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "a", "arguments": "{}"}}]}]},
            "not the text of one",
        ),
        (CHAT, {"logprobs": True}, "no place for probabilities"),
        (CHAT, {"think": "much"}, "think: should be"),
        (CHAT, {"stream": "yes"}, "stream: should be true or false"),
        (CHAT, {"format": "yaml"}, "format: should be"),
        (GENERATE, {"suffix": "x"}, "not supported yet"),
        (GENERATE, {"template": "{{ .Prompt }}"}, "raw: true sends a prompt without one"),
        (GENERATE, {"context": [1, 2]}, "so send messages"),
        (GENERATE, {"raw": True, "system": "s"}, "write the system text into it"),
        (GENERATE, {"prompt": 7}, "prompt: should be a text"),
        (EMBED, {"input": ["a", ""]}, "at least 1 character"),
        (EMBED, {"dimensions": 0}, "dimensions: should be greater than or equal to 1"),
        (EMBED, {"model": MODEL}, "does not support embedding: use an embedding model"),
        (GENERATE, {"model": EMBEDDER}, "does not support completion"),
        (EMBEDDINGS, {"prompt": {}}, "input: should be"),
    ],
)
def test_what_is_refused_says_what_to_change(path: str, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused) as raised:
        ENDPOINTS[path](LEAST[path] | changed, OFFERS)
    reply = refusal(raised.value)
    assert reply.status == 400
    assert words in reply.body["error"]


@pytest.mark.parametrize("path", [*LEAST, SHOW])
def test_a_model_that_is_not_there_is_told_in_ollamas_words(path: str) -> None:
    for body, status, words in (
        (
            {"model": "llama9"},
            404,
            "model 'llama9' not found; use one of these: gemma3:4b, lane:slow, nomic-embed-text",
        ),
        ({}, 400, "model: should be the name of a model"),
        ([], 400, "the body should be a JSON object"),
    ):
        with pytest.raises(Refused) as raised:
            ENDPOINTS[path](body, OFFERS)
        assert refusal(raised.value).status == status
        assert words in refusal(raised.value).body["error"]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (CHAT, {}, "load"),
        (CHAT, {"messages": []}, "load"),
        (CHAT, {"messages": None, "keep_alive": "5m"}, "load"),
        (GENERATE, {"prompt": ""}, "load"),
        (GENERATE, {"keep_alive": 0}, "unload"),
        (GENERATE, {"keep_alive": "0s"}, "unload"),
        (GENERATE, {"keep_alive": -1}, "load"),
        (EMBED, {"input": []}, "load"),
        (EMBEDDINGS, {"prompt": ""}, "load"),
    ],
)
def test_who_asks_for_the_model_alone_gets_no_job(path: str, body: dict[str, Any], reason: str) -> None:
    made = ENDPOINTS[path]({"model": MODEL} | body, OFFERS)
    assert isinstance(made, Load)
    assert made.reason == reason


@pytest.mark.parametrize(
    ("path", "changed", "ignored"),
    [
        (CHAT, {"keep_alive": 1800, "truncate": True, "shift": False}, ("keep_alive", "truncate", "shift")),
        (CHAT, {"messages": [{"role": "user", "content": "x", "name": "n"}]}, ("messages.name",)),
        (
            CHAT,
            {"tools": [{"type": "function", "function": {"name": "a", "strict": True}}]},
            ("tools.function.strict",),
        ),
        (GENERATE, {"template": "", "context": [], "suffix": "", "width": 3}, ("width",)),
        (EMBED, {"truncate": True}, ("truncate",)),
    ],
)
def test_what_is_left_out_is_named(path: str, changed: dict[str, Any], ignored: tuple[str, ...]) -> None:
    assert ENDPOINTS[path](LEAST[path] | changed, OFFERS).ignored == ignored


def test_a_stream_is_what_is_wanted_unless_it_is_not() -> None:
    assert ENDPOINTS[CHAT](LEAST[CHAT], OFFERS).wanted.stream
    assert not ENDPOINTS[CHAT](LEAST[CHAT] | {"stream": False}, OFFERS).wanted.stream
    assert not ENDPOINTS[EMBED](LEAST[EMBED], OFFERS).wanted.stream


def test_the_name_of_before_names_the_model() -> None:
    made = ENDPOINTS[CHAT]({"name": "lane:slow", "messages": LEAST[CHAT]["messages"]}, OFFERS)
    assert (made.lane, made.model, made.ignored) == ("slow", "lane:slow", ())


def test_an_equal_request_is_an_equal_job_at_both_doors() -> None:
    asked = {"temperature": 1.0, "top_p": 1.0}
    native = ENDPOINTS[CHAT](LEAST[CHAT] | {"options": asked}, OFFERS).job
    assert ENDPOINTS["/v1/chat/completions"](LEAST[CHAT], OFFERS).job.request_hash(MODEL) == native.request_hash(MODEL)
