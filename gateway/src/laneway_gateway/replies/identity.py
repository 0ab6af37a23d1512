"""A gateway's key and certificate, which live as long as its process and stand in no file."""

from __future__ import annotations

import os
import secrets
import ssl
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

SKEW = timedelta(days=1)  # of a worker's clock
LIFETIME = timedelta(days=3650)  # longer than any process: what ends it is its registration
PASSWORD_BYTES = 32


@dataclass(frozen=True)
class Identity:
    """What a gateway shows to workers."""

    certificate: str
    """As PEM: the one that workers are to find."""
    context: ssl.SSLContext
    """With the key, which is nowhere else."""


def make_identity(gateway: str, address: str, now: datetime) -> Identity:
    """A new key, and a certificate that it signs itself; `address` is an IP literal."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, gateway, address, now).public_bytes(Encoding.PEM)
    return Identity(certificate.decode(), _context(key, certificate))


def _certificate(key: ec.EllipticCurvePrivateKey, gateway: str, address: str, now: datetime) -> x509.Certificate:
    """One that OpenSSL's strict checks take for its own authority."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"laneway-gateway-{gateway}")])
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _context(key: ec.EllipticCurvePrivateKey, certificate: bytes) -> ssl.SSLContext:
    """`ssl` reads keys from files alone: from one that is in memory where there are such, and encrypted in any case."""
    password = secrets.token_hex(PASSWORD_BYTES)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with _file_of(private + certificate) as path:
        context.load_cert_chain(path, password=password)
    return context


@contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """A file that only this process can find, gone at the end; on Linux it is on no disk."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("identity"), "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with tempfile.NamedTemporaryFile() as other:  # 0600, in a folder for such
        other.write(content)
        other.flush()
        yield other.name
