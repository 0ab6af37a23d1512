"""Where the parts of a cluster listen and are found."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.cluster.init import API_ADDRESS, HOST_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.cluster.control.certificates import Certificates, Pair
    from support.cluster.programs import Programs
    from support.toolchain.toolbox import Toolbox

LOOPBACK = "127.0.0.1"
ANSWER_SECONDS = 10.0
HTTP_OK, HTTP_NOT_FOUND = 200, 404
APPLY = {"Content-Type": "application/apply-patch+yaml"}


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

    def request(self, method: str, path: str, body: bytes | None = None, port: int = 0) -> tuple[int, bytes]:
        """Ask the API server as administrator, or another part that speaks TLS on loopback."""
        pair, authority = self.certificates.admin, self.certificates.ca.certificate
        trust = ssl.create_default_context(cafile=str(authority))
        trust.load_cert_chain(pair.certificate, pair.key)
        if port:
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # a certificate that it made for itself
        address = LOOPBACK if port else self.api_address
        with self.inside():
            connection = http.client.HTTPSConnection(
                address, port or self.ports.api, timeout=ANSWER_SECONDS, context=trust
            )
            return _ask(connection, method, path, body)

    def answers(self, path: str, port: int = 0) -> Callable[[], bool]:
        """Whether there is a good answer yet."""
        return lambda: _tried(lambda: self.request("GET", path, port=port))

    def answers_plainly(self, path: str, port: int, address: str = LOOPBACK) -> Callable[[], bool]:
        """The same without TLS."""

        def ask() -> tuple[int, bytes]:
            with self.inside():
                return _ask(http.client.HTTPConnection(address, port, timeout=ANSWER_SECONDS), "GET", path, None)

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

    def apply(self, path: str, manifest: str | dict[str, Any]) -> None:
        """Server-side apply of one object, which the path names."""
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        status, body = self.request("PATCH", f"{path}?fieldManager=cluster&force=true", text.encode())
        assert status in {HTTP_OK, 201}, f"{path}: {body.decode(errors='replace')}"


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
    try:
        connection.request(method, path, body=body, headers=APPLY if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _tried(ask: Callable[[], tuple[int, bytes]]) -> bool:
    with suppress(OSError, http.client.HTTPException):
        return ask()[0] == HTTP_OK
    return False


def _text(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
