"""Who may talk to embedded AWS: a program on this machine that holds the state folder's access key, and no web page.

moto itself answers every origin, checks no signature, and empties itself for whoever posts to `/moto-api/reset`.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

LOOPBACK_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
"""What a client on this machine asks for. Another name is a web page's own, led here by its DNS."""
CONTROL = "/moto-api"  # moto's own pages: nothing here needs them
SIGNED_V4 = re.compile(r"AWS4-HMAC-SHA256 .*?\bCredential=([^/, ]+)/")
SIGNED_V2 = re.compile(r"AWS ([^: ]+):")
IN_QUERY = ("X-Amz-Credential", "AWSAccessKeyId")  # presigned URLs, version 4 and 2
REFUSED = "403 Forbidden"


class Guard:
    """Refuses before moto sees a request, by a line that says why."""

    def __init__(self, application: Application, access_key_id: str) -> None:
        """A WSGI application, and the one key that it answers."""
        self._application = application
        self._access_key_id = access_key_id

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        reason = refusal(environ, self._access_key_id)
        if reason is None:
            return self._application(environ, start_response)
        body = _error(*reason)
        headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body))), ("Connection", "close")]
        start_response(REFUSED, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def refusal(environ: Mapping[str, Any], access_key_id: str) -> tuple[str, str] | None:
    """AWS' code for what is wrong with a request, and the words; None where it may pass."""
    if "HTTP_ORIGIN" in environ:
        return "AccessDenied", "web pages may not use a local pool"
    if LOOPBACK_HOST.fullmatch(environ.get("HTTP_HOST", "")) is None:
        return "AccessDenied", "a local pool is asked for as 127.0.0.1 or localhost"
    if environ.get("PATH_INFO", "").startswith(CONTROL):
        return "AccessDenied", "moto's own pages are closed"
    key = key_id(environ)
    if key is None:
        return "AccessDenied", "sign with the access key that `laneway up` prints"
    if not hmac.compare_digest(key.encode(), access_key_id.encode()):
        return "InvalidAccessKeyId", "this is not the access key that `laneway up` prints; export it again"
    return None


def key_id(environ: Mapping[str, Any]) -> str | None:
    """The id of the key that a request is signed with, in its header or in its URL."""
    header = environ.get("HTTP_AUTHORIZATION")
    if header is not None:
        found = SIGNED_V4.match(header) or SIGNED_V2.match(header)
        return found[1] if found else None
    query = parse_qs(environ.get("QUERY_STRING", ""))
    given = [value for name in IN_QUERY for value in query.get(name, [])]
    return given[0].partition("/")[0] if len(given) == 1 else None


def _error(code: str, message: str) -> bytes:
    """AWS' own form, so that its clients tell the words; on one line."""
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>\n".encode()
