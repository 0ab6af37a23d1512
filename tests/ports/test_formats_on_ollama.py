"""Whatever form of a schema the worker writes, the real Ollama makes a grammar of it, answers by it, and goes on; and
nothing of it stands in its log.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from laneway.local.ollama.find import VERSION as BUILT
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.answer.dialects import modern
from laneway_worker.answer.grammars import for_ollama
from laneway_worker.ports.stop import Stop
from support.inputs.requests import request
from support.inputs.schemas import made_by_tools
from support.ollama.real import ENGINES, SMOLLM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.mark.structures import ParameterSet

    from laneway_worker.adapters.ollama.client import Ollama
    from laneway_worker.ports.runtime import Answer
    from laneway_worker.request.request import Request
    from support.ollama.real import OllamaServer

WORD = "canaryplanted"
TEXT = {"type": "string", "maxLength": 8}
FORMS: dict[str, dict[str, Any]] = {
    "anything": {},
    "an object of a kind": {"properties": {WORD: TEXT, "b": {"type": "integer"}}, "required": [WORD, "b"]},
    "optional properties": {"properties": {WORD: TEXT, **{f"p{number}": {"type": "null"} for number in range(20)}}},
    "a hundred optional properties": {"properties": {f"p{number}": {"type": "null"} for number in range(100)}},
    "names of one's own": {"type": "object", "additionalProperties": {"enum": [WORD]}, "maxProperties": 2},
    "an open object": {"properties": {WORD: TEXT, "b_2": TEXT}, "required": [WORD], "minProperties": 2},
    "no properties": {"type": "object", "additionalProperties": False},
    "a list": {"type": "array", "items": {"enum": [WORD, "b"]}, "minItems": 1, "maxItems": 3},
    "an empty list": {"type": "array", "maxItems": 0},
    "a tuple": {"prefixItems": [{"const": WORD}, {"type": "null"}, {"type": "boolean"}]},
    "several types": {"type": ["boolean", "null"]},
    "alternatives": {"anyOf": [{"const": WORD}, {"type": "integer", "minimum": 1, "maximum": 12}]},
    "a tagged union": {
        "oneOf": [
            {"properties": {"kind": {"const": kind}, WORD: TEXT}, "required": ["kind", WORD]} for kind in ("a", "b")
        ]
    },
    "whole numbers": {"type": "integer", "minimum": -3, "maximum": 400},
    "whole numbers from below": {"type": "integer", "maximum": -7},
    "values with quotes": {"enum": [f'{WORD}"', f"\\{WORD}", f"{WORD}\n", "ü", None, 1.5, {"a": [WORD]}]},
    "properties with odd names": {"properties": {"é": TEXT, "a b": TEXT, "-": TEXT}, "required": ["é", "a b", "-"]},
    "lengths": {"type": "string", "minLength": 2, "maxLength": 5},
    "dates": {"properties": {x: {"type": "string", "format": x} for x in ("date", "time", "uuid")}},
    "a tree": {"properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["a"]},
    "a definition at the top": {"$defs": {WORD: {"const": WORD}}, "$ref": f"#/$defs/{WORD}"},
    "parts together": {
        "allOf": [{"properties": {"a": TEXT}}, {"required": ["a", "b"]}, {"properties": {"b": {"const": 1}}}]
    },
    "a converter's own names": {
        "properties": {x: {"const": 1} for x in ("string", "root", "space", "value", "a-kv", "a", "*", "char")},
        "required": ["string", "root", "space", "value"],
    },
}  # fmt: skip
PATTERNS = [
    *(rf"^{WORD}$", rf"{WORD}", rf"^(a|{WORD})$", r"^\d{2,4}$", r"^[A-Z]\w{1,3}$", r"^[^@\s]{1,4}@[a-z]{2,3}$"),
    *(r"^(?:ab|cd){1,3}$", r"^(a*)*b$", r"^a?b?c?$", r"^\\\"\n$", r"^\/x\-\.$", r"^é€😀$", "^a|b$", r"^a]}$"),
    r"^(\(\d{3}\) )?\d{3}$",
    *(r"^[[:alpha:]]+$", r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$", r"^\bfoo\b$", "^[^a]$", r"^.{1,3}$", r"^(a{2}b{3}){2}$"),
]  # fmt: skip
FORMS |= {f"the pattern {each}": {"type": "string", "pattern": each, "maxLength": 12} for each in PATTERNS}

MADE = made_by_tools()
FEW = 24  # tokens: an Ollama ends an answer without its end where 30 are the same
SAMPLE = 8  # one in so many runs every time, the others by `make fuzz`


@pytest.fixture(scope="module")
def smollm(ollama: OllamaServer) -> Ollama:
    adapter = ollama.adapter(SMOLLM)
    adapter.prepare()
    return adapter


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest, engine: str) -> Iterator[Counter[str]]:
    """Printed at the end: how many schemas were asked, accepted, and answered to their end."""
    counted: Counter[str] = Counter()
    yield counted
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\nOllama {engine}, schemas: {dict(counted)}")  # noqa: T201 - a figure for who runs it


def samples() -> list[ParameterSet]:
    marks = ((), (pytest.mark.soak,))
    return [pytest.param(MADE[name], id=name, marks=marks[number % SAMPLE > 0]) for number, name in enumerate(MADE)]


@pytest.mark.parametrize("schema", samples())
def test_ollama_answers_by_what_tools_make(smollm: Ollama, tally: Counter[str], schema: dict[str, Any]) -> None:
    wanted = request(SMOLLM, prompt="Say something.", format=for_ollama(modern(schema)), options={"num_predict": FEW})
    assert counted(tally, smollm, wanted).text


def counted(tally: Counter[str], smollm: Ollama, wanted: Request) -> Answer:
    tally["asked"] += 1
    answer = smollm.generate(wanted, Stop(SystemClock().condition()))
    tally["accepted"] += 1
    tally["answered to the end"] += answer.finish_reason == "stop"
    return answer


def forms() -> list[ParameterSet]:
    """All on the newest, which users run, and one in so many on the other."""
    marks = ((), (pytest.mark.soak,))
    return [
        pytest.param(engine, FORMS[name], id=f"{engine}-{name}", marks=marks[engine == BUILT and number % SAMPLE > 0])
        for engine in ENGINES
        for number, name in enumerate(FORMS)
    ]


@pytest.mark.parametrize(("engine", "schema"), forms(), indirect=["engine"], scope="session")
def test_ollama_answers_by_what_is_written(
    smollm: Ollama, ollama: OllamaServer, tally: Counter[str], schema: dict[str, Any]
) -> None:
    before = len(ollama.log.read_bytes())
    options = {"temperature": 0, "num_predict": FEW, "seed": 1}
    wanted = request(SMOLLM, prompt="Say something.", format=for_ollama(schema), options=options)

    answer = counted(tally, smollm, wanted)

    assert answer.text
    assert answer.completion_tokens > 0
    if answer.finish_reason == "stop":
        json.loads(answer.text)
    assert WORD not in ollama.log.read_bytes()[before:].decode(errors="replace")
    assert smollm.generate(
        request(SMOLLM, prompt="1, 2,", options={"num_predict": 2}), Stop(SystemClock().condition())
    ).text
