"""Where the parts of a cluster listen and are found."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import urllib3

from support.aws.emulated import moto_at
from support.cluster.init import API_ADDRESS, HOST_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from support.aws.emulated import Emulate, Emulated
    from support.cluster.control.certificates import Certificates, Pair
    from support.cluster.programs import Programs
    from support.toolchain.toolbox import Toolbox

LOOPBACK = "127.0.0.1"
ANSWER_SECONDS = 10.0
HTTP_OK, HTTP_CREATED, HTTP_NOT_FOUND = 200, 201, 404
APPLY = {"Content-Type": "application/apply-patch+yaml"}
AGAIN = urllib3.Retry(
    None, connect=0, read=1, status=5, allowed_methods=None, status_forcelist=(429,), raise_on_status=False
)
"""Where a kept connection has ended meanwhile; and where the server asks for it, as after a definition has changed."""
FORCED = "fieldManager=cluster&force=true"


@dataclass(frozen=True)
class Ports:
    """Of everything that listens."""

    api: int
    aws: int
    etcd: int
    etcd_peer: int
    controllers: int
    scheduler: int
    kwok: int
    keda_health: int
    keda_metrics: int
    keda_adapter: int
    keda_prometheus: int

    @classmethod
    def of_block(cls, first: int) -> Ports:
        """A block that is ours on a loopback that isn't."""
        return cls(*range(first, first + 11))

    @classmethod
    def of_namespace(cls) -> Ports:
        """Where nobody else listens: the addresses that pods are told."""
        return cls(443, 4566, *range(20000, 20009))


@dataclass(frozen=True)
class Site:
    """One cluster's places, and how to start something there."""

    folder: Path
    programs: Programs
    tools: Toolbox
    certificates: Certificates
    ports: Ports
    node: bool
    emulate: Emulate = moto_at

    @property
    def api_address(self) -> str:
        """By which everybody calls the API server, pods too."""
        return API_ADDRESS if self.node else LOOPBACK

    @property
    def api_listens(self) -> str:
        """In a namespace of its own, all interfaces are the cluster's."""
        return "0.0.0.0" if self.node else LOOPBACK  # noqa: S104 - inside the namespace

    @property
    def aws_address(self) -> str:
        """The bridge, where pods can reach it."""
        return HOST_ADDRESS if self.node else LOOPBACK

    @property
    def aws_endpoint(self) -> str:
        """AWS_ENDPOINT_URL for everybody."""
        return f"http://{self.aws_address}:{self.ports.aws}"

    @cached_property
    def aws(self) -> Emulated:
        """What is AWS here."""
        folder = self.folder / "aws"
        folder.mkdir(exist_ok=True)
        return self.emulate(folder, self.aws_address, self.ports.aws)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The calling thread uses the cluster's network."""
        namespace = self.programs.namespace
        with namespace.inside() if namespace else nullcontext():
            yield

    def kubeconfig(self, name: str, user: Pair) -> Path:
        """A kubeconfig of a user, with everything in it."""
        cluster = {
            "server": f"https://{self.api_address}:{self.ports.api}",
            "certificate-authority-data": _text(self.certificates.ca.certificate),
        }
        credentials = {"client-certificate-data": _text(user.certificate), "client-key-data": _text(user.key)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "laneway",
            "contexts": [{"name": "laneway", "context": {"cluster": "laneway", "user": name}}],
            "clusters": [{"name": "laneway", "cluster": cluster}],
            "users": [{"name": name, "user": credentials}],
        }
        file = self.folder / f"{name}.kubeconfig"
        file.touch(mode=0o600)
        file.write_text(json.dumps(document, indent=1))  # JSON is YAML
        return file

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Ask the API server as administrator."""
        with self.inside():
            answer = self._api_server.request(method, path, body=body, headers=APPLY if body else {})
        return answer.status, answer.data

    @cached_property
    def _api_server(self) -> urllib3.HTTPSConnectionPool:
        """Keeps connections: a handshake costs both sides as much as several looks."""
        return urllib3.HTTPSConnectionPool(
            self.api_address, self.ports.api, timeout=ANSWER_SECONDS, retries=AGAIN, ssl_context=self._trust()
        )

    def _ask_part(self, path: str, port: int) -> tuple[int, bytes]:
        """Another part, on loopback."""
        trust = self._trust()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # a certificate that it made for itself
        with self.inside():
            return _ask(http.client.HTTPSConnection(LOOPBACK, port, timeout=ANSWER_SECONDS, context=trust), path)

    def _trust(self) -> ssl.SSLContext:
        trust = ssl.create_default_context(cafile=str(self.certificates.ca.certificate))
        trust.load_cert_chain(self.certificates.admin.certificate, self.certificates.admin.key)
        return trust

    def answers(self, path: str, port: int = 0) -> Callable[[], bool]:
        """Whether there is a good answer yet, of the API server or of the part at a port."""
        return lambda: _tried(lambda: self._ask_part(path, port) if port else self.request("GET", path))

    def answers_plainly(self, path: str, port: int, address: str = LOOPBACK) -> Callable[[], bool]:
        """The same without TLS."""

        def ask() -> tuple[int, bytes]:
            with self.inside():
                return _ask(http.client.HTTPConnection(address, port, timeout=ANSWER_SECONDS), path)

        return lambda: _tried(ask)

    def get(self, path: str) -> dict[str, Any]:
        """What the API server has; empty where it has nothing."""
        status, body = self.request("GET", path)
        return dict(json.loads(body)) if status == HTTP_OK else {}

    def find(self, path: str) -> dict[str, Any]:
        """An object as kubectl prints it; empty where there is none."""
        status, body = self.request("GET", path)
        assert status in {HTTP_OK, HTTP_NOT_FOUND}, f"{path}: {status} {body.decode(errors='replace')}"
        found: dict[str, Any] = json.loads(body) if status == HTTP_OK else {}
        found.get("metadata", {}).pop("managedFields", None)
        return found

    def apply(self, path: str, manifest: str | Mapping[str, Any], how: str = FORCED) -> None:
        """Server-side apply of one object, which the path names."""
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        status, body = self.request("PATCH", f"{path}?{how}", text.encode())
        assert status in {HTTP_OK, HTTP_CREATED}, f"{path}: {body.decode(errors='replace')}"


def _ask(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _tried(ask: Callable[[], tuple[int, bytes]]) -> bool:
    with suppress(OSError, http.client.HTTPException, urllib3.exceptions.HTTPError):
        return ask()[0] == HTTP_OK
    return False


def _text(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
