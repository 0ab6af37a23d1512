from __future__ import annotations

import json

import pytest

from laneway.schema.pool.documents.keys_file import hash_of, read_keys
from laneway_gateway.desk import Tenant
from laneway_gateway.keys.no_keys import NoKeys
from laneway_gateway.keys.ring import Ring
from support.gateway.quotas import quota

KEYS = {"lw-a": "team-a", "lw-b": "team-b", "lw-b2": "team-b"}
RING = Ring(read_keys(json.dumps({"keys": [{"name": n, "sha256": hash_of(k)} for k, n in KEYS.items()]}).encode()))


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_its_tenants(key: str) -> None:
    assert RING.find(key) == Tenant(KEYS[key])


@pytest.mark.parametrize("key", ["", "lw-", "lw-A", "lw-a ", hash_of("lw-a"), "\ud800", "é", "\x00" * 70_000])
def test_any_other_text_is_nobodys(key: str) -> None:
    assert RING.find(key) is None


def test_everything_that_an_entry_says_is_the_tenants() -> None:
    entry = {
        "name": "claims",
        "sha256": hash_of("lw-c"),
        "lanes": ["slow", "fast"],
        "labels": {"cost-centre": "4711"},
        "maxHeld": 7,
        "dropsTools": True,
        "quota": {"tokensPerDay": 9},
    }
    ring = Ring(read_keys(json.dumps({"keys": [entry]}).encode()))
    assert ring.find("lw-c") == Tenant(
        "claims", ("slow", "fast"), {"cost-centre": "4711"}, 7, drops_tools=True, quota=quota(tokens=9)
    )
    assert ring.quotas == {"claims": quota(tokens=9)}


def test_without_keys_any_text_is_the_one_tenants() -> None:
    keys = NoKeys(9)
    assert keys.find("") == keys.find("any") == Tenant("local", most_held=9)
    assert not keys.needed
    assert not keys.quotas
