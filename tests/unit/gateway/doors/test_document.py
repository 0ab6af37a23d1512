from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema_rs import Draft202012Validator

from laneway_gateway.doors.document import openapi
from laneway_gateway.doors.hall import Hall
from laneway_gateway.doors.native import routes as native
from laneway_gateway.doors.ollama import routes as ollama
from laneway_gateway.doors.openai import routes as openai
from laneway_gateway.doors.openapi.parts import reference
from support.doors.translated import becomes, recorded

if TYPE_CHECKING:
    from support.doors.house import House

DOCUMENT = openapi()
HI = [{"role": "user", "content": "hi"}]


def _validator(schema: dict[str, Any]) -> Any:
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def _asked(path: str) -> Any:
    return _validator(DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"])


async def test_the_document_is_anybodys(house: House) -> None:
    call = await house.ask("/openapi.json", headers={"authorization": ""})
    assert (call.status, call.json) == (200, openapi())


async def test_it_has_every_path_and_method(house: House) -> None:
    hall = Hall(house.inside)
    served = {
        (each.path.replace(":path", ""), method.lower())
        for each in (*native.routes(hall), *openai.routes(hall), *ollama.routes(hall))
        for method in each.app._handles  # type: ignore[attr-defined] # because it is an Endpoint
    }
    told = {(path, method) for path, methods in openapi()["paths"].items() for method in methods}
    assert told == served


def test_every_reference_and_link_leads_somewhere() -> None:
    document = openapi()
    text = json.dumps(document)
    for kind in ("schemas", "responses", "headers"):
        found = set(re.findall(rf'"#/components/{kind}/([\w.-]+)"', text))
        assert found
        assert found <= document["components"][kind].keys()
    ids = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    linked = {link for answer in re.findall(r'"links": (\{.*?\}\}\})', text) for link in json.loads(answer)}
    assert len(ids) == len(set(ids))
    assert linked
    assert linked <= set(ids)


@pytest.mark.parametrize(
    ("schema", "body", "place"),
    [
        ("ChatRequest", {"model": "m", "messages": HI, "temperature": 5.1}, "temperature"),
        ("ChatRequest", {"model": "m", "messages": HI, "n": 2}, "n"),
        ("ChatRequest", {"model": "m", "messages": []}, "messages"),
        ("CompletionRequest", {"model": "m", "prompt": ["a", "b"]}, "prompt"),
        ("CompletionRequest", {"model": "m", "prompt": "a", "max_tokens": 0}, "max_tokens"),
        ("EmbeddingRequest", {"model": "m", "input": [1, 2]}, "input"),
        ("Ollama.Chat", {"model": "m", "messages": [{"role": "nobody"}]}, "messages"),
        ("Ollama.Generate", {"model": "m", "prompt": "a", "options": {"top_p": 2}}, "options"),
    ],
)  # fmt: skip
def test_it_forbids_what_is_refused(schema: str, body: dict[str, Any], place: str) -> None:
    found = {str(error.instance_path[0]) for error in _validator(reference(schema)).iter_errors(body)}
    assert found == {place}


@pytest.mark.parametrize("client", sorted(recorded()))
def test_it_allows_what_clients_send_and_doors_take(client: str) -> None:
    for name, call in recorded()[client].items():
        if "refused" not in becomes(**call):
            assert [each.message for each in _asked(call["path"]).iter_errors(call["body"])] == [], name
