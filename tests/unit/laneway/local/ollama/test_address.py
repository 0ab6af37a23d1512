from __future__ import annotations

import pytest

from laneway.local.errors import LocalError
from laneway.local.ollama.address import address_in

ADDRESSES = {
    "127.0.0.1:11434": "http://127.0.0.1:11434",
    "127.0.0.1": "http://127.0.0.1:11434",
    "gpu-box": "http://gpu-box:11434",
    ":11434": "http://127.0.0.1:11434",
    ":8080": "http://127.0.0.1:8080",
    "0.0.0.0": "http://127.0.0.1:11434",  # noqa: S104 - what a server binds to
    "0.0.0.0:8080": "http://127.0.0.1:8080",
    "[::]:8080": "http://[::1]:8080",
    "::1": "http://[::1]:11434",
    "[::1]": "http://[::1]:11434",
    "[::1]:8080": "http://[::1]:8080",
    "fe80::1": "http://[fe80::1]:11434",
    "http://gpu-box": "http://gpu-box:80",
    "http://gpu-box:11434/": "http://gpu-box:11434",
    "https://gpu-box": "https://gpu-box:443",
    "https://gpu-box:8443": "https://gpu-box:8443",
    "http://::1": "http://[::1]:80",
    "gpu-box:99999": "http://gpu-box:11434",
    "gpu-box:port": "http://gpu-box:11434",
    "gpu-box:": "http://gpu-box:11434",
    '"127.0.0.1:8080"': "http://127.0.0.1:8080",
    " '127.0.0.1:8080' ": "http://127.0.0.1:8080",
    "\t127.0.0.1:8080\n": "http://127.0.0.1:8080",
    "ollama.com": "https://ollama.com:443",
}


@pytest.mark.parametrize(("text", "url"), ADDRESSES.items())
def test_an_address_is_read_as_ollama_reads_it(text: str, url: str) -> None:
    assert address_in({"OLLAMA_HOST": text}) == url


@pytest.mark.parametrize("environment", [{}, {"OLLAMA_HOST": ""}, {"OLLAMA_HOST": "  "}, {"OLLAMA_HOST": '""'}])
def test_what_is_blank_names_none(environment: dict[str, str]) -> None:
    assert address_in(environment) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp://gpu-box", "an address begins with http:// or https://"),
        ("unix:///run/ollama.sock", "an address begins with http:// or https://"),
        ("http://gateway/ollama", "with a path"),
        ("gpu-box/ollama", "with a path"),
    ],
)
def test_what_no_worker_can_use_is_said_with_the_variable(text: str, words: str) -> None:
    with pytest.raises(LocalError, match=words) as caught:
        address_in({"OLLAMA_HOST": text})
    assert "OLLAMA_HOST" in str(caught.value)
