from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from laneway_gateway.doors.asking.body import MEMORY_A_BYTE, MOST_BYTES
from laneway_gateway.settings import MEBIBYTE, VARIABLES, Address, Settings, SettingsError, read_settings

LEAST = {"LANEWAY_POOL": "s3://acme-llm/documents"}
WITH_KEYS = LEAST | {"LANEWAY_GATEWAY_KEYS": "/etc/laneway/keys/keys.json"}


def test_a_pool_is_all_that_is_needed() -> None:
    assert read_settings(LEAST) == Settings("s3://acme-llm/documents")


def test_what_is_there_and_empty_is_as_if_left_out() -> None:
    empty = {each.name: "" for each in VARIABLES}
    assert read_settings(empty | LEAST) == read_settings(LEAST)


def test_everything_can_be_said() -> None:
    everything = WITH_KEYS | {
        "LANEWAY_GATEWAY_LISTEN": "[::]:8000",
        "LANEWAY_GATEWAY_ADDRESS": "10.0.12.7",
        "LANEWAY_GATEWAY_REPLIES_PORT": "9443",
        "LANEWAY_GATEWAY_PROBES": "0.0.0.0:8080",
        "LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT": "15m",
        "LANEWAY_GATEWAY_MAX_WAIT": "1h30m",
        "LANEWAY_GATEWAY_LANES": "flex=slow, priority=fast,tasks=slow",
        "LANEWAY_GATEWAY_MAX_HELD": "50",
        "LANEWAY_GATEWAY_MEMORY": "1024",
        "LANEWAY_GATEWAY_DRAIN": "0s",
        "LANEWAY_GATEWAY_ANONYMOUS_CATALOGUE": "true",
    }
    assert set(everything) == {each.name for each in VARIABLES}
    assert read_settings(everything) == Settings(
        "s3://acme-llm/documents",
        Path("/etc/laneway/keys/keys.json"),
        Address("::", 8000),
        "10.0.12.7",
        9443,
        Address("0.0.0.0", 8080),  # noqa: S104 - as pods have it
        900,
        5400,
        50,
        1024,
        0,
        lanes_for={"flex": "slow", "priority": "fast", "tasks": "slow"},
        anonymous_catalogue=True,
    )


def test_the_defaults_that_the_page_tells_are_those_that_hold() -> None:
    told = {each.name: each.default for each in VARIABLES} | LEAST
    assert read_settings(told) == read_settings(LEAST)
    assert {each.field for each in VARIABLES} == {each.name for each in dataclasses.fields(Settings)}


@pytest.mark.parametrize(("memory", "most"), [("512", 128), ("1024", 256), ("128", 40)])
def test_a_quarter_of_the_memory_is_for_requests_and_never_less_than_the_largest_needs(memory: str, most: int) -> None:
    settings = read_settings(LEAST | {"LANEWAY_GATEWAY_MEMORY": memory})
    assert settings.most_bytes == most * MEBIBYTE
    assert settings.most_bytes >= 2 * MEMORY_A_BYTE * MOST_BYTES


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("LISTEN", "8000", "should be an IP address and a port"),
        ("LISTEN", "localhost:8000", "should be an IP address and a port"),
        ("LISTEN", ":8000", "should be an IP address and a port"),
        ("LISTEN", "::1:8000", "should be an IP address and a port"),
        ("LISTEN", "[127.0.0.1]:8000", "should be an IP address and a port"),
        ("LISTEN", "127.0.0.1:65536", "should be an IP address and a port"),
        ("LISTEN", "127.0.0.1:-1", "should be an IP address and a port"),
        ("LISTEN", "127.0.0.1:٣", "should be an IP address and a port"),
        ("ADDRESS", "gateway.default.svc", "should be the IP address of this pod"),
        ("ADDRESS", "0.0.0.0", "by which workers reach this pod"),  # noqa: S104 - refused
        ("ADDRESS", "169.254.1.1", "by which workers reach this pod"),
        ("ADDRESS", "ff02::1", "by which workers reach this pod"),
        ("REPLIES_PORT", "http", "should be a whole number from 0 to 65535"),
        ("REPLIES_PORT", "9" * 5000, "should be a whole number from 0 to 65535"),
        ("PROBES", "8080", "should be an IP address and a port"),
        ("EDGE_IDLE_TIMEOUT", "60", "should be a duration such as 90s, 5m or 1h30m"),
        ("EDGE_IDLE_TIMEOUT", "5s", "should be from 10s to 168h"),
        ("MAX_WAIT", "0s", "should be from 1s to 168h"),
        *(("LANES", each, "should be lanes for flex") for each in ("slow", "flex=", "=slow", "scale=slow", "flex=a,")),
        ("MAX_HELD", "0", "should be a whole number from 1 to 100000"),
        ("MAX_HELD", "1e3", "should be a whole number from 1 to 100000"),
        ("DRAIN", "forever", "should be a duration"),
        ("ANONYMOUS_CATALOGUE", "yes", "should be true or false, not 'yes'"),
    ],
)
def test_what_can_not_be_used_names_its_variable(name: str, text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(WITH_KEYS | {f"LANEWAY_GATEWAY_{name}": text})
    assert str(caught.value).startswith(f"LANEWAY_GATEWAY_{name} should ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_without_a_pool_there_is_nothing_to_do() -> None:
    with pytest.raises(SettingsError, match="LANEWAY_POOL is not set"):
        read_settings({})


@pytest.mark.parametrize("listen", ["0.0.0.0:8000", "[::]:8000", "10.0.12.7:8000"])
def test_without_keys_only_this_machine_may_reach_the_doors(listen: str) -> None:
    with pytest.raises(SettingsError, match="there are no keys: whoever reaches it could use the pool"):
        read_settings(LEAST | {"LANEWAY_GATEWAY_LISTEN": listen})
    assert str(read_settings(WITH_KEYS | {"LANEWAY_GATEWAY_LISTEN": listen}).listen) == listen


@pytest.mark.parametrize("listen", ["127.0.0.1:80", "127.0.0.2:0", "[::1]:11435"])
def test_without_keys_every_loopback_address_will_do(listen: str) -> None:
    assert read_settings(LEAST | {"LANEWAY_GATEWAY_LISTEN": listen}).listen.loopback
