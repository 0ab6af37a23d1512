"""What holds for every pod: the one in memory, and one behind an API server."""

from __future__ import annotations

import json
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from laneway.schema.shared.names import DELETION_COST, REPORT
from laneway_worker.adapters.kubernetes import KubernetesPod, server_url
from laneway_worker.errors import Unavailable
from laneway_worker.testing.memory import MemoryPod
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from laneway_worker.ports.pod import Pod

NAME = "documents-fast-5d4f7c9b8-x2x7k"
FOREIGN = {"kubernetes.io/psp": "restricted"}


def write_certificate(folder: Path) -> None:
    """A certificate for loopback that is its own authority: ca.crt, and tls.pem with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.crt").write_bytes(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.pem").write_bytes(private + pem)


@dataclass
class ApiServer:
    """One pod, as the API server keeps it."""

    url: str = ""
    token: str = "first"  # noqa: S105 - of nobody
    annotations: dict[str, str] = field(default_factory=lambda: dict(FOREIGN))
    refusal: tuple[int, str] | None = None

    def patch(self, path: str, headers: Any, body: bytes) -> tuple[int, str]:
        if self.refusal is not None:
            return self.refusal
        if headers["Authorization"] != f"Bearer {self.token}":
            return 401, status("Unauthorized")
        if headers["Content-Type"] != "application/merge-patch+json":
            return 415, status("the body of the request was in an unknown format")
        if path != f"/api/v1/namespaces/team-a/pods/{NAME}":
            return 404, status("the server could not find the requested resource")
        return 200, json.dumps(self._merged(json.loads(body)["metadata"]["annotations"]))

    def _merged(self, patch: dict[str, str | None]) -> dict[str, Any]:
        merged = {**self.annotations, **patch}
        self.annotations = {name: value for name, value in merged.items() if value is not None}
        return {"kind": "Pod", "metadata": {"name": NAME, "annotations": self.annotations}}


def status(message: str) -> str:
    return json.dumps({"kind": "Status", "status": "Failure", "message": message})


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Serve over TLS, with the files of a ServiceAccount in `folder`."""
    write_certificate(folder)
    (folder / "namespace").write_text("team-a")
    (folder / "token").write_text("first\n")
    state = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code, text = state.patch(self.path, self.headers, body)
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        state.url = server_url("127.0.0.1", str(server.server_port))
        serving = in_thread(lambda: server.serve_forever(poll_interval=0.02))
        try:
            yield state
        finally:
            server.shutdown()
            serving.result(timeout=10)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiServer]:
    with api_server(tmp_path) as server:
        yield server


@dataclass(frozen=True)
class PodBench:
    pod: Pod
    annotations: Callable[[], dict[str, str]]
    take_down: Callable[[], None]


def in_memory() -> PodBench:
    pod = MemoryPod()
    pod.annotations = dict(FOREIGN)
    return PodBench(pod, lambda: pod.annotations, lambda: setattr(pod, "down", True))


def behind(api: ApiServer, account: Path) -> PodBench:
    def take_down() -> None:
        api.refusal = 503, status("the API server is going down")

    return PodBench(KubernetesPod(api.url, NAME, account), lambda: api.annotations, take_down)


@pytest.fixture(params=["memory", "kubernetes"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> PodBench:
    return in_memory() if request.param == "memory" else behind(request.getfixturevalue("api"), tmp_path)


def test_an_annotation_is_set_and_set_again(bench: PodBench) -> None:
    bench.pod.annotate({DELETION_COST: "10"})
    assert bench.annotations() == FOREIGN | {DELETION_COST: "10"}
    bench.pod.annotate({DELETION_COST: "40"})
    assert bench.annotations() == FOREIGN | {DELETION_COST: "40"}


def test_none_removes_an_annotation_and_leaves_the_others(bench: PodBench) -> None:
    bench.pod.annotate({DELETION_COST: "10", REPORT: '{"code": "engine_down", "message": "é"}'})
    assert json.loads(bench.annotations()[REPORT])["message"] == "é"
    bench.pod.annotate({REPORT: None})
    assert bench.annotations() == FOREIGN | {DELETION_COST: "10"}


def test_what_is_not_there_can_be_removed(bench: PodBench) -> None:
    bench.pod.annotate({REPORT: None})
    assert bench.annotations() == FOREIGN


def test_an_api_server_that_is_down_is_unavailable(bench: PodBench) -> None:
    bench.take_down()
    with pytest.raises(Unavailable):
        bench.pod.annotate({DELETION_COST: "10"})
    assert bench.annotations() == FOREIGN


# What only a real server can show


def test_a_refusal_has_the_servers_words(api: ApiServer, tmp_path: Path) -> None:
    api.refusal = 403, status(f'pods "{NAME}" is forbidden: ' + "x" * 5000)
    with pytest.raises(Unavailable, match=f'^the API server answered 403: pods "{NAME}" is forbidden') as caught:
        KubernetesPod(api.url, NAME, tmp_path).annotate({DELETION_COST: "10"})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("refusal", [(302, ""), (502, "<html>"), (500, "[]")])
def test_whatever_is_no_success_is_unavailable(api: ApiServer, tmp_path: Path, refusal: tuple[int, str]) -> None:
    api.refusal = refusal
    with pytest.raises(Unavailable, match=f"answered {refusal[0]}"):
        KubernetesPod(api.url, NAME, tmp_path).annotate({DELETION_COST: "10"})


def test_a_token_that_was_replaced_is_used(api: ApiServer, tmp_path: Path) -> None:
    pod = KubernetesPod(api.url, NAME, tmp_path)
    pod.annotate({DELETION_COST: "10"})
    api.token = "second"  # noqa: S105 - of nobody
    with pytest.raises(Unavailable, match="401"):
        pod.annotate({DELETION_COST: "40"})
    (tmp_path / "token").write_text("second")
    pod.annotate({DELETION_COST: "70"})
    assert api.annotations[DELETION_COST] == "70"


def test_a_server_that_the_cluster_did_not_certify_gets_no_token(api: ApiServer, tmp_path: Path) -> None:
    write_certificate(tmp_path)  # another authority; the server goes on with its own
    with pytest.raises(Unavailable, match="no answer"):
        KubernetesPod(api.url, NAME, tmp_path).annotate({DELETION_COST: "10"})
    assert api.annotations == FOREIGN


@pytest.mark.parametrize("file", ["token", "ca.crt", "namespace"])
def test_a_pod_without_its_service_account_is_unavailable(api: ApiServer, tmp_path: Path, file: str) -> None:
    (tmp_path / file).unlink()
    with pytest.raises(Unavailable, match="No such file"):
        KubernetesPod(api.url, NAME, tmp_path).annotate({DELETION_COST: "10"})


def test_a_broken_authority_is_unavailable(api: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nothing")
    with pytest.raises(Unavailable, match="can't use the ServiceAccount"):
        KubernetesPod(api.url, NAME, tmp_path).annotate({DELETION_COST: "10"})


def test_nobody_listening_is_unavailable(refused_url: str, api: ApiServer, tmp_path: Path) -> None:
    assert api.url
    with pytest.raises(Unavailable, match="no answer from the API server"):
        KubernetesPod(refused_url.replace("http", "https"), NAME, tmp_path).annotate({DELETION_COST: "10"})


def test_a_proxy_of_the_environment_is_not_asked(
    api: ApiServer, tmp_path: Path, refused_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", refused_url)
    KubernetesPod(api.url, NAME, tmp_path).annotate({DELETION_COST: "10"})
    assert api.annotations[DELETION_COST] == "10"


@pytest.mark.parametrize(
    ("host", "url"), [("10.96.0.1", "https://10.96.0.1:443"), ("fd00:10:96::1", "https://[fd00:10:96::1]:443")]
)
def test_an_ipv6_address_stands_in_brackets(host: str, url: str) -> None:
    assert server_url(host, "443") == url
