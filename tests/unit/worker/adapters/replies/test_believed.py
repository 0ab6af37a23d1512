from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest

from laneway.schema.job.reply import GatewayDocument
from laneway_gateway.replies.identity import make_identity
from laneway_worker.adapters.replies.believed import NotBelieved, believed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = "abcdefgh01234567"


@lru_cache
def certificate(gateway: str = ID) -> str:
    return make_identity(gateway, "10.0.0.1", NOW).certificate


def document(**fields: Any) -> GatewayDocument:
    told: dict[str, Any] = {
        "id": ID,
        "address": "10.0.0.1",
        "port": 8443,
        "certificate": certificate(),
        "started_at": NOW,
        "renewed_at": NOW,
        "version": "0.1.0",
    }
    return GatewayDocument(**told | fields)


def is_believed(*, local: bool = False, **fields: Any) -> bool:
    try:
        believed(document(**fields), ID, NOW, local=local)
    except NotBelieved:
        return False
    return True


@pytest.mark.parametrize("address", ["10.1.2.3", "172.31.0.9", "100.64.7.7", "52.1.2.3", "2a05:d014::7", "fd12::9"])
def test_pods_addresses_are_believed(address: str) -> None:
    assert is_believed(address=address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.23",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fe80::1",
        "fe80::1%eth0",
        "fd12::9%eth0",
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "240.0.0.1",
        "example.com",
        "localhost",
        "10.0.0.1:80",
        "[fd12::9]",
        "10.0.0.1/32",
        "0x0a000001",
        "10.1",
        "127.1",
        "010.0.0.1",
        " 10.0.0.1",
        "10.0.0.1\r\nHost: x",
        "",
    ],
)
def test_nothing_else_is(address: str) -> None:
    assert not is_believed(address=address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1"])
def test_on_one_machine_loopback_and_any_port_are(address: str) -> None:
    assert is_believed(address=address, port=43211, local=True)


def test_on_one_machine_the_metadata_service_is_not() -> None:
    assert not is_believed(address="169.254.169.254", local=True)


def test_elsewhere_there_is_one_port() -> None:
    assert not is_believed(port=22)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, True), (179, True), (239, True), (240, False), (3600, False), (-59, True), (-61, False)],
)
def test_it_is_renewed_by_this_clock_or_one_a_minute_off(seconds: int, expected: bool) -> None:  # noqa: FBT001 - a case
    assert is_believed(renewed_at=NOW - timedelta(seconds=seconds)) is expected


def test_it_counts_until_it_should_have_been_renewed() -> None:
    assert believed(document(), ID, NOW, local=False).until == NOW + timedelta(minutes=4)


def test_another_gateways_is_not() -> None:
    assert not is_believed(id="b" * 16)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n",
        "{one}{other}",
        "words {one}",
        "{one}words",
    ],
)
def test_there_is_one_certificate_and_nothing_else(text: str) -> None:
    assert not is_believed(certificate=text.format(one=certificate(), other=certificate("b" * 16)))


def test_why_not_quotes_nothing() -> None:
    with pytest.raises(NotBelieved) as caught:
        believed(document(address="secret", port=22), ID, NOW, local=True)
    assert "secret" not in str(caught.value)
