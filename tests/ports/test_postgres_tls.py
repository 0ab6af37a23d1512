"""A real server's certificate is verified, by name and by its authority."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.postgres_access import by_url
from laneway_table.errors import TableError, TableUnavailable, TableUnusable
from support.processes import free_port
from support.table.postgres import PASSWORD, nobodys, programs_of, started

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "jobs.example"


@dataclass(frozen=True)
class Signed:
    certificate: Path
    key: Path


def self_signed(folder: Path, host: str) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{host}.pem", folder / f"{host}.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Signed(certificate, nobodys(private))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="laneway-tls-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """Of a server whose certificate is `HOST`'s."""
    signed = self_signed(folder, HOST)
    tls = ("ssl=on", f"ssl_cert_file={signed.certificate}", f"ssl_key_file={signed.key}")
    with started(programs_of("postgres15", folder), folder / "data", free_port(), *tls) as server:
        yield server.port


def prepared(folder: Path, url: str, ca: Path | None) -> TableError | None:
    path = folder / "url"
    path.write_text(url)
    table = PostgresTable(by_url(str(path), None if ca is None else str(ca)))
    try:
        table.prepare()
    except TableError as error:
        return error
    finally:
        table.close()
    return None


def url(host: str, port: int, more: str = "") -> str:
    return f"postgresql://laneway:{PASSWORD}@{host}:{port}/postgres?hostaddr=127.0.0.1{more}"


def test_the_right_name_of_the_right_authority_is_entered(folder: Path, port: int) -> None:
    assert prepared(folder, url(HOST, port), folder / f"{HOST}.pem") is None


def test_another_name_is_not(folder: Path, port: int) -> None:
    error = prepared(folder, url("other.example", port), folder / f"{HOST}.pem")
    assert isinstance(error, TableUnavailable)
    assert 'does not match host name "other.example"' in str(error)


def test_another_authority_is_not(folder: Path, port: int) -> None:
    other = self_signed(folder, "another.example")
    error = prepared(folder, url(HOST, port), other.certificate)
    assert isinstance(error, TableUnavailable)
    assert "certificate verify failed" in str(error)


def test_the_machines_own_authorities_know_it_not(folder: Path, port: int) -> None:
    error = prepared(folder, url(HOST, port), None)
    assert isinstance(error, TableUnavailable)
    assert "certificate" in str(error)


def test_who_asks_for_less_is_told_to_leave_it_out(folder: Path, port: int) -> None:
    error = prepared(folder, url(HOST, port, "&sslmode=require"), None)
    assert isinstance(error, TableUnusable)
    assert PASSWORD not in str(error)
