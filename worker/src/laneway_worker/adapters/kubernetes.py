"""The worker's own pod, by the API server: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from laneway_worker.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SECONDS = 10.0
SHOWN = 200  # characters of an error of the API server's


def server_url(host: str, port: str) -> str:
    """The URL of the API server; IPv6 addresses stand in brackets."""
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


class KubernetesPod:
    """One pod, under the identity of its ServiceAccount."""

    def __init__(self, server: str, name: str, account: Path = SERVICE_ACCOUNT) -> None:
        """`account` holds token, ca.crt and namespace; they are read for each call, since kubelet replaces them."""
        self._server = server
        self._name = name
        self._account = account

    def annotate(self, annotations: Mapping[str, str | None]) -> None:
        """PATCH with a merge patch (RFC 7386): null removes."""
        try:
            answer = self._patch({"metadata": {"annotations": dict(annotations)}})
        except OSError as error:  # ssl's errors are OSErrors too
            raise Unavailable(f"can't use the ServiceAccount in {self._account}: {error.strerror or error}") from error
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer from the API server at {self._server}: {type(error).__name__}") from error
        if not answer.is_success:
            raise Unavailable(f"the API server answered {answer.status_code}: {_words(answer.text)}")

    def _patch(self, patch: Mapping[str, object]) -> httpx.Response:
        namespace = (self._account / "namespace").read_text().strip()
        token = (self._account / "token").read_text().strip()
        trusted = ssl.create_default_context(cafile=str(self._account / "ca.crt"))
        return httpx.patch(
            f"{self._server}/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(self._name, safe='')}",
            content=json.dumps(patch),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"},
            verify=trusted,
            timeout=SECONDS,
            trust_env=False,  # a proxy from the environment has no place between a pod and its API server
        )


def _words(text: str) -> str:
    try:
        return str(json.loads(text)["message"])[:SHOWN]
    except (ValueError, KeyError, TypeError):
        return text[:SHOWN]
