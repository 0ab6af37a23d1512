from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from laneway_gateway.desk import Tenant
from laneway_gateway.doors.asking.local import check_local
from laneway_gateway.doors.door import Denied
from support.doors.house import House

HERE = {"Host": "127.0.0.1:11435"}
JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize("host", ["localhost", "localhost:11435", "127.0.0.1", "127.0.0.2:11435", "[::1]:11435"])
def test_this_machine_is_let_in_by_its_own_names(host: str) -> None:
    check_local("GET", Headers({"Host": host}))
    check_local("POST", Headers({"Host": host, **JSON}))
    check_local("POST", Headers({"Host": host, "Origin": f"http://{host}", **JSON}))
    check_local("POST", Headers({"Host": host, "Content-Length": "0"}))


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:11435", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "169.254.0.1",
     "localhost@evil.example", "evil@localhost", "localhost:a", "[::1", "::1"],
)  # fmt: skip
def test_a_name_that_another_dns_points_here_is_not(host: str) -> None:
    with pytest.raises(Denied, match="this machine alone") as denied:
        check_local("GET", Headers({"Host": host}))
    assert denied.value.status == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "", "file://", "https://localhost.evil.example", "chrome-extension://abc"],
)
def test_no_web_page_is_let_in(origin: str) -> None:
    with pytest.raises(Denied, match="not for web pages") as denied:
        check_local("POST", Headers({**HERE, **JSON, "Origin": origin}))
    assert denied.value.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; x=application/json"},
        {"Content-Type": ""},
        {"Content-Length": "2"},
        {"Transfer-Encoding": "chunked"},
    ],
)
def test_a_form_is_not_taken(headers: dict[str, str]) -> None:
    with pytest.raises(Denied, match="application/json") as denied:
        check_local("POST", Headers({**HERE, **headers}))
    assert denied.value.status == 415


async def test_every_path_of_local_doors_is_guarded() -> None:
    house = House(local=True)
    house.keys.anybody = Tenant("local")
    evil = {"host": "evil.example", "content-type": "application/json"}
    for path in ("/", "/api/tags", "/v1/models", "/nowhere"):
        assert (await house.ask(path, headers=evil)).status == 403, path
    for path in ("/api/chat", "/v1/chat/completions", "/api/pull"):
        assert (await house.ask(path, {}, evil)).status == 403, path
    assert (await house.ask("/", headers={"host": "localhost:11435"})).body == b"Ollama is running"
    await house.close()
