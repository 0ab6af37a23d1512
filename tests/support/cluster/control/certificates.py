"""Keys and certificates of one cluster, valid for some days; elliptic curves, so that they take milliseconds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VALID = dt.timedelta(days=30)
SKEW = dt.timedelta(hours=1)
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
MASTERS = "system:masters"
NODES = "system:nodes"


@dataclass(frozen=True)
class Pair:
    """A key and its certificate, as files."""

    key: Path
    certificate: Path


class Authority:
    """Signs; its own certificate is a file."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self.files = _write(folder, name, self._key, self._sign(self._name, self._key.public_key(), _authority()))

    def issue(
        self, file: str, subject: str, *, usage: Sequence[x509.ObjectIdentifier], group: str = "", hosts: str = ""
    ) -> Pair:
        """A certificate for a user of a group, or for a server with these hosts (names and addresses)."""
        key = ec.generate_private_key(ec.SECP256R1())
        extensions: list[x509.ExtensionType] = [x509.ExtendedKeyUsage(usage)]
        if hosts:
            extensions.append(x509.SubjectAlternativeName([_host(each) for each in hosts.split()]))
        return _write(self._folder, file, key, self._sign(_name(subject, group), key.public_key(), extensions))

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extensions: Sequence[x509.ExtensionType]
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - SKEW)
            .not_valid_after(now + VALID)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, SHA256())


@dataclass(frozen=True)
class Certificates:
    """All of a cluster's."""

    ca: Pair
    front: Pair
    """The authority that the API server's own client certificate comes from, when it calls KEDA's adapter."""
    front_client: Pair
    server: Pair
    to_kubelet: Pair
    admin: Pair
    controllers: Pair
    scheduler: Pair
    kubelet: Pair
    kubelet_server: Pair
    accounts: Pair
    """The key that service-account tokens are signed with; its `certificate` is the public key."""
    keda: Path
    """A folder with ca.crt, tls.crt and tls.key, as KEDA's operator and adapter want it."""


def make_certificates(folder: Path, addresses: Sequence[str], node: str) -> Certificates:
    """`addresses` are those by which the API server and the node are called, besides localhost."""
    folder.mkdir(mode=0o700)
    ca, front = Authority(folder, "ca"), Authority(folder, "front-ca")
    local = " ".join(("localhost", "127.0.0.1", *addresses))
    service = "kubernetes kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local"
    client, server = [CLIENT], [SERVER]
    return Certificates(
        ca=ca.files,
        front=front.files,
        front_client=front.issue("front-client", "front-proxy-client", usage=client),
        server=ca.issue("server", "kube-apiserver", usage=server, hosts=f"{local} {service}"),
        to_kubelet=ca.issue("to-kubelet", "kube-apiserver-kubelet-client", usage=client, group=MASTERS),
        admin=ca.issue("admin", "admin", usage=client, group=MASTERS),
        controllers=ca.issue("controllers", "system:kube-controller-manager", usage=client),
        scheduler=ca.issue("scheduler", "system:kube-scheduler", usage=client),
        kubelet=ca.issue("kubelet", f"system:node:{node}", usage=client, group=NODES),
        kubelet_server=ca.issue("kubelet-server", f"system:node:{node}", usage=server, hosts=f"{local} {node}"),
        accounts=_accounts(folder),
        keda=_keda(folder / "keda"),
    )


def _accounts(folder: Path) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pair = Pair(folder / "accounts.key", folder / "accounts.pub")
    pair.key.write_bytes(_pem(key))
    pair.certificate.write_bytes(public)
    return pair


def _keda(folder: Path) -> Path:
    folder.mkdir()
    authority = Authority(folder, "ca")
    names = "localhost 127.0.0.1 keda-operator.keda.svc keda-metrics-apiserver.keda.svc"
    authority.issue("tls", "keda", usage=[SERVER, CLIENT], hosts=names)
    return folder


def _name(common: str, group: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _authority() -> list[x509.ExtensionType]:
    no = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **no)
    return [x509.BasicConstraints(ca=True, path_length=None), usage]


def _host(text: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(text)) if text[0].isdigit() else x509.DNSName(text)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Pair:
    pair = Pair(folder / f"{name}.key", folder / f"{name}.crt")
    pair.key.write_bytes(_pem(key))
    pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    return pair
