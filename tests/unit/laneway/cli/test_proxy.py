from __future__ import annotations

import pytest

from laneway.cli.local import _has_proxy


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({"HTTPS_PROXY": "http://proxy:3128"}, False),
        ({"HTTP_PROXY": "http://proxy:3128"}, True),
        ({"http_proxy": "http://proxy:3128", "NO_PROXY": "internal"}, True),
        ({"ALL_PROXY": "socks5://proxy:1080"}, True),
        ({"HTTP_PROXY": "http://proxy:3128", "no_proxy": "localhost,127.0.0.1"}, False),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, False),
        ({"HTTP_PROXY": ""}, False),
    ],
)
def test_a_proxy_that_clients_would_ask_for_loopback_is_noticed(environment: dict[str, str], *, asked: bool) -> None:
    assert _has_proxy(environment) is asked
