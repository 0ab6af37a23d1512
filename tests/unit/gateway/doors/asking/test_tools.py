from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway_gateway.desk import Tenant
from laneway_gateway.doors.asking.tools import without_tools
from support.doors.house import KEY
from support.inputs.offers import MODEL, offer

if TYPE_CHECKING:
    from support.doors.house import House

TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "tools": TOOLS, "tool_choice": "auto"}
CANT = (offer("fast", capabilities=["completion"]),)


def test_tools_are_left_out_where_the_model_has_no_use_for_them() -> None:
    value, left_out = without_tools(ASKED, CANT)
    assert (value.keys(), left_out) == ({"model", "messages"}, ("tools", "tool_choice"))


@pytest.mark.parametrize(
    ("value", "offers"),
    [
        (ASKED, (offer("fast"),)),
        (ASKED, (offer("fast", capabilities=None),)),
        (ASKED, (offer("fast", capabilities=[]),)),
        (ASKED | {"model": "gpt-4o"}, CANT),
        (ASKED | {"model": 7}, CANT),
        ({"model": MODEL, "tools": []}, CANT),
        ([], CANT),
        (None, CANT),
    ],
)
def test_everything_else_stays(value: Any, offers: Any) -> None:
    assert without_tools(value, offers) == (value, ())


async def test_it_is_the_tenants_own_choice(house: House) -> None:
    model = "nomic-embed-text"
    refused = await house.ask("/api/chat", ASKED | {"model": model})
    assert (refused.status, "does not support completion, tools" in refused.json["error"]) == (400, True)
    house.keys.tenants[KEY] = Tenant("claims", drops_tools=True)
    still = await house.ask("/api/chat", ASKED | {"model": model})
    assert "does not support completion:" in still.json["error"]
