"""openai's and Ollama's npm packages, against a pool that runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.processes import ended
from support.strangers.environments import NODE, environment
from support.strangers.models import CHAT, COMPLETE, EMBED

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.strangers.target import Target

SCRIPT = Path(__file__).parents[1] / "support" / "strangers" / "clients.mjs"
NAMES = {"chat": CHAT, "complete": COMPLETE, "embed": EMBED}
Found = dict[str, Any]


def _found(target: Target, client: str) -> Found:
    modules = environment(NODE)
    asked = [target.url, target.guarded, target.key, str(modules), json.dumps(NAMES)]
    done = ended(["node", str(SCRIPT), client, *asked], {"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr[-2000:]
    found: Found = json.loads(done.stdout)
    wrong = {name: each for name, each in found.items() if isinstance(each, dict) and "failed" in each}
    assert not wrong, wrong
    return found


@pytest.fixture(scope="module")
def openai_node(target: Target) -> Found:
    return _found(target, "openai-node")


@pytest.fixture(scope="module")
def ollama_js(target: Target) -> Found:
    return _found(target, "ollama-js")


def _lists(found: Any) -> bool:
    return set(NAMES.values()) <= set(found)


def _raised(kind: str, status: int, words: str = "") -> Callable[[Any], bool]:
    return lambda found: (found["name"], found["status"]) == (kind, status) and words in found["text"]


OPENAI: dict[str, Callable[[Any], bool]] = {
    "models": _lists,
    "whole": bool,
    "form": lambda found: found["sky"] in ("blue", "green"),
    "vectors": lambda found: len(found) == 2 and len(set(found)) == 1,
    "completed": lambda found: "13" in found,
    "response": bool,
    "response streamed": bool,
    "unknown model": _raised("NotFoundError", 404, CHAT),
    "two answers": _raised("BadRequestError", 400, "n:"),
    "wrong key": _raised("AuthenticationError", 401),
    "joined retries": lambda found: found == 400,
}
OLLAMA: dict[str, Callable[[Any], bool]] = {
    "models": _lists,
    "shown": lambda found: found == "num_ctx 8192",
    "whole": bool,
    "form": OPENAI["form"],
    "vectors": OPENAI["vectors"],
    "completed": OPENAI["completed"],
    "unknown model": _raised("ResponseError", 404, CHAT),
    "wrong key": _raised("ResponseError", 401),
    "right key": lambda found: found == 5,
    "aborted": lambda found: found == "let go",
}


@pytest.mark.parametrize("case", OPENAI)
def test_openais_package(openai_node: Found, case: str) -> None:
    assert OPENAI[case](openai_node[case]), openai_node[case]


@pytest.mark.parametrize("case", OLLAMA)
def test_ollamas_package(ollama_js: Found, case: str) -> None:
    assert OLLAMA[case](ollama_js[case]), ollama_js[case]


def test_a_stream_says_what_the_whole_answer_says(openai_node: Found, ollama_js: Found) -> None:
    assert openai_node["streamed"] == openai_node["whole"]
    assert ollama_js["streamed"] == ollama_js["whole"]
