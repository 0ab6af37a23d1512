"""Environment of the containers that call AWS, in every pool: a closed list, in the operator's Helm values. Pure."""

from __future__ import annotations

import re
from typing import Any

HTTPS_PROXY = "HTTPS_PROXY"
_SWITCH = (r"true|false", "should be true or false, in quotes")
_PROXY = (r"https?://[^@\s]+", "should be a URL without a password, such as http://proxy.example:3128")
# Helm reads no more than 1000 repetitions.
_LINE = (r"[!-~]{1,1000}", "should be names and addresses with commas between, such as 10.0.0.0/8,.svc")
VARIABLES = {
    "AWS_USE_DUALSTACK_ENDPOINT": _SWITCH,
    "AWS_USE_FIPS_ENDPOINT": _SWITCH,
    HTTPS_PROXY: _PROXY,
    "HTTP_PROXY": _PROXY,
    "NO_PROXY": _LINE,
}
"""Those that there may be → what their values are like, and how it is said. All of them are read by boto3."""


def parse_environment(document: Any) -> dict[str, str]:
    """From an object of texts by their names; ValueError says what to change."""
    if not isinstance(document, dict):
        raise ValueError("should be an object")  # noqa: TRY004 - as what pydantic finds
    for name, value in document.items():
        if name not in VARIABLES:
            raise ValueError(f"{name}: should be one of {', '.join(VARIABLES)}")
        form, words = VARIABLES[name]
        if not isinstance(value, str) or not re.fullmatch(form, value):
            raise ValueError(f"{name} {words}")
    return {name: document[name] for name in sorted(document)}
