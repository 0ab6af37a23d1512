"""The API server, by the dashboard's own ServiceAccount."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any

import httpx

from laneway_dashboard.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECONDS = 10.0
SHOWN = 300  # characters of an error of the API server's
MERGE = "application/merge-patch+json"  # RFC 7386: null removes


class Conflict(Unavailable):
    """Somebody else wrote the object meanwhile."""


class ApiServer:
    """Serves all threads: one pool of connections."""

    def __init__(self, server: str, account: Path) -> None:
        """`account` holds ca.crt and token; the token is read for each call, since kubelet replaces it. Raises
        `OSError`.
        """
        self._server = server
        self._account = account
        trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
        # a proxy from the environment has no place between a pod and its API server
        self._http = httpx.Client(verify=trusted, timeout=SECONDS, trust_env=False)

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        """What it answers. Raises `Conflict` and `Unavailable`."""
        try:
            headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": kind}
            content = None if body is None else json.dumps(body)
            answer = self._http.request(method, f"{self._server}{path}", content=content, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer from the cluster's API server: {type(error).__name__}") from error
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        words = f"the cluster's API server answered {answer.status_code}: {_words(answer.text)}"
        raise Conflict(words) if answer.status_code == httpx.codes.CONFLICT else Unavailable(words)

    def _token(self) -> str:
        path = self._account / "token"
        try:
            return path.read_text().strip()
        except OSError as error:
            raise Unavailable(f"the dashboard's own token in {path} can't be read: {error.strerror}") from error

    def close(self) -> None:
        """End its connections."""
        self._http.close()


def _words(text: str) -> str:
    try:
        return str(json.loads(text)["message"])[:SHOWN]
    except (ValueError, KeyError, TypeError):
        return text[:SHOWN]
