from __future__ import annotations

import base64

import pytest
from starlette.datastructures import Headers

from laneway_gateway.desk import Tenant
from laneway_gateway.doors.asking.credentials import Caller, key_of
from laneway_gateway.testing.keys import FakeKeys
from support.doors.house import KEY, OTHER_KEY, TENANT, House

HI = {"model": "gemma3:4b", "messages": [{"role": "user", "content": "hi"}]}


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"Authorization": "Bearer lw-a"}, "lw-a"),
        ({"Authorization": "bearer  lw-a "}, "lw-a"),
        ({"Authorization": basic("user:lw-a")}, "lw-a"),
        ({"Authorization": basic("lw-a:")}, "lw-a"),
        ({"Authorization": basic("lw-a")}, "lw-a"),
        ({"X-API-Key": "lw-a"}, "lw-a"),
        ({"Authorization": "Bearer", "x-api-key": "lw-a"}, "lw-a"),
        ({"Authorization": "Basic !!"}, None),
        ({"Authorization": "Basic //8="}, None),
        ({"Authorization": "Digest lw-a"}, None),
        ({"Authorization": f"Bearer {'k' * 513}"}, None),
        ({}, None),
    ],
)
def test_a_key_is_found_in_every_place_that_clients_have_for_it(headers: dict[str, str], key: str | None) -> None:
    assert key_of(Headers(headers)) == key


def test_a_key_stands_as_long_as_it_is_the_same_tenants() -> None:
    keys = FakeKeys({KEY: TENANT})
    caller = Caller(TENANT, KEY)
    assert caller.stands(keys)
    keys.tenants[KEY] = Tenant("others")
    assert not caller.stands(keys)
    del keys.tenants[KEY]
    assert not caller.stands(keys)


@pytest.mark.parametrize("headers", [{"authorization": ""}, {"authorization": "Bearer lw-wrong"}])
async def test_who_has_no_key_is_told_so_before_a_byte_of_the_body(house: House, headers: dict[str, str]) -> None:
    call = await house.call("POST", "/v1/chat/completions", headers).over()
    assert (call.status, call.told["www-authenticate"]) == (401, "Bearer")
    assert call.json["error"]["code"] == "invalid_api_key"
    assert call.json["error"]["type"] == "invalid_request_error"
    native = await house.call("POST", "/api/chat", headers).over()
    assert native.status == 401
    assert "key" in native.json["error"]


async def test_where_no_key_is_needed_any_is_the_one_tenants(house: House) -> None:
    house.keys.anybody = Tenant("local")
    for headers in ({"authorization": ""}, {"authorization": "Bearer ollama"}):
        await house.ask("/v1/chat/completions", HI, headers)
    assert [each.tenant.name for each in house.desk.asked] == ["local", "local"]


async def test_the_catalogue_may_be_open_and_nothing_else() -> None:
    house = House(anonymous_catalogue=True)
    nobody = {"authorization": ""}
    for path in ("/v1/models", "/v1/models/gemma3:4b", "/api/tags", "/api/version", "/api/ps"):
        assert (await house.ask(path, headers=nobody)).status == 200, path
    assert (await house.ask("/api/show", {"model": "gemma3:4b"}, nobody)).status == 200
    assert (await house.ask("/api/chat", HI, nobody)).status == 401
    assert (await house.ask("/api/tags", headers={"authorization": "Bearer lw-wrong"})).status == 401
    slow = await house.ask("/v1/models", headers={"authorization": f"Bearer {OTHER_KEY}"})
    assert [each["id"] for each in slow.json["data"]] == ["gemma3:4b"]
    await house.close()
