from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from laneway_gateway.doors.hall import Hall
from laneway_gateway.doors.native.openapi import openapi
from laneway_gateway.doors.native.routes import routes

if TYPE_CHECKING:
    from support.doors.house import House


async def test_the_document_is_anybodys(house: House) -> None:
    call = await house.ask("/openapi.json", headers={"authorization": ""})
    assert (call.status, call.json) == (200, openapi())


async def test_it_has_every_path_and_method(house: House) -> None:
    served = {
        (each.path, method.lower())
        for each in routes(Hall(house.inside))
        for method in each.app._handles  # type: ignore[attr-defined] # an Endpoint
        if each.path != "/openapi.json"
    }
    told = {(path, method) for path, methods in openapi()["paths"].items() for method in methods}
    assert told == served


def test_every_reference_leads_somewhere() -> None:
    document = openapi()
    found = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert found <= document["components"]["schemas"].keys()
    assert {"Job", "Result", "Standing", "Error", "Line"} <= document["components"]["schemas"].keys()
