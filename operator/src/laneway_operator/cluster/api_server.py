"""One call to the API server, with its answer or an error of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from kubernetes import client, config
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from laneway_operator.errors import Conflict, SpecError, Unreachable
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Counted = Callable[[str, str], None]

CALL_SECONDS = 15.0
ADMISSION = ("failed calling webhook", "admission webhook")  # Kubernetes' words for one that is down, or denies
USER_AGENT = "laneway-operator"
"""How audit logs tell the operator from others."""


class ApiServer:
    """Serves all threads: its connection pool is thread-safe."""

    def __init__(self, api: client.ApiClient, counted: Counted) -> None:
        """`api` carries address and credentials; `counted` is told verb and code of each call (`none`: no answer)."""
        self._api = api
        self._counted = counted

    def call(
        self,
        verb: str,
        path: str,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        content_type: str = "application/json",
        seconds: float = CALL_SECONDS,
    ) -> dict[str, Any] | None:
        """The answer, or None for 404. Raises `SpecError`, `Conflict` and `Unreachable`."""
        url = f"{self._api.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        text = None if body is None else json.dumps(body)
        pool = self._api.rest_client.pool_manager
        headers = self._headers(content_type)
        try:
            answer = pool.request(verb, url, body=text, headers=headers, timeout=Timeout(total=seconds), retries=False)
        except HTTPError as error:
            self._counted(verb, "none")
            raise Unreachable(f"{verb} {path}: {type(error).__name__}") from error
        self._counted(verb, str(answer.status))
        return read_answer(answer.status, answer.headers, answer.data, f"{verb} {path}")

    def _headers(self, content_type: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": USER_AGENT}
        token = self._api.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return headers | ({"Authorization": token} if token else {})


def read_answer(status: int, headers: Mapping[str, str], data: bytes, what: str) -> dict[str, Any] | None:
    """See `ApiServer.call`. An admission webhook that is down gives a 500, and the server itself is well."""
    if status == 404:  # noqa: PLR2004 - HTTP's own number
        return None
    if status < 300:  # noqa: PLR2004 - as above
        found: dict[str, Any] = json.loads(data)
        return found
    message = _message(data)
    if status in (400, 403, 422) or any(words in message for words in ADMISSION):
        raise SpecError(Reason.REFUSED, message or what)
    if status == 409:  # noqa: PLR2004 - as above
        raise Conflict(f"{what}: {status} {message}")
    after = headers.get("Retry-After", "")
    raise Unreachable(f"{what}: {status} {message}", float(after) if after.isdecimal() else None)


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data).get("message", ""))
    except (ValueError, AttributeError):
        return ""


def connect(connections: int, counted: Counted) -> ApiServer:
    """The cluster that this pod runs in, or that of the current kubeconfig."""
    try:
        config.load_incluster_config()  # type: ignore[no-untyped-call] # because only its API has types
    except config.ConfigException:
        config.load_kube_config()  # type: ignore[no-untyped-call] # because of the same
    settings = client.Configuration.get_default_copy()
    settings.connection_pool_maxsize = connections
    return ApiServer(client.ApiClient(settings), counted)
