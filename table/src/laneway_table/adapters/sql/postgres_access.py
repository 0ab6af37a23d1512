"""How a PostgreSQL is entered: by the URL in a file, or by a token of RDS; TLS is verified in either case."""

from __future__ import annotations

import re
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.httpsession import where
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from laneway_table.errors import TableUnavailable, TableUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_rds import RDSClient

    from laneway.schema.pool.documents.projector_config import PostgresIAM

VERIFIED = "verify-full"
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
"""Where Debian's and Fedora's families keep those of the machine."""
SHOULD = (
    "should hold one line: postgresql://user:password@host:5432/database; in user and password write @ as %40, / as "
    "%2F and % as %25, and name no parameters that libpq does not know (pgbouncer, schema, …)"
)
SYSTEM = "system"
HOST = re.compile(r"[\w.:%-]*")
PORTS = re.compile(r"[0-9,]*")


def by_url(url_file: str, ca_file: str | None) -> Callable[[], Mapping[str, Any]]:
    """Read again for each connection: a secret is replaced while programs run."""

    def connect() -> Mapping[str, Any]:
        try:
            text = Path(url_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise TableUnavailable(f"{url_file} can't be read: {type(error).__name__}") from None
        found = _read(text)
        if found is None:
            raise TableUnusable(f"{url_file} {SHOULD}")
        return secured(found, ca_file)

    return connect


def _read(text: str) -> dict[str, Any] | None:
    """None where it is no URL of libpq, or is read as one by luck: a password with an @ or / that is not encoded moves
    on into the host, and hosts are named in errors.
    """
    try:
        found = {name: value for name, value in conninfo_to_dict(text).items() if value}
    except ProgrammingError:
        return None
    hosts = str(found.get("host", "")).split(",")
    plain = all(each.startswith(("/", "@")) or HOST.fullmatch(each) for each in hosts)
    return found if plain and PORTS.fullmatch(str(found.get("port", ""))) else None


def by_token(iam: PostgresIAM, ca_file: str | None, client: RDSClient, region: str) -> Callable[[], Mapping[str, Any]]:
    """A token is good for 15 minutes, and needed as a connection begins only."""

    def connect() -> Mapping[str, Any]:
        token = client.generate_db_auth_token(DBHostname=iam.host, Port=iam.port, DBUsername=iam.user, Region=region)
        where = {"host": iam.host, "port": iam.port, "dbname": iam.database, "user": iam.user}
        return secured(where | {"password": token}, ca_file)

    return connect


def secured(given: Mapping[str, Any], ca_file: str | None) -> dict[str, Any]:
    """The same with TLS that is verified, but for this machine's own servers. Raises `TableUnusable`."""
    hidden = "service" in given  # a file of libpq's names the host
    if not hidden and _here(str(given.get("host", ""))) and _here(str(given.get("hostaddr", ""))):
        return dict(given)
    if given.get("sslmode", VERIFIED) != VERIFIED:
        raise TableUnusable(
            f"the database's URL says sslmode={given['sslmode']}: leave it out, and name the server's certificates in "
            "caFile where the machine's own don't do"
        )
    root = given.get("sslrootcert", SYSTEM)
    return dict(given) | {"sslrootcert": ca_file or machines() if root == SYSTEM else root, "sslmode": VERIFIED}


def machines() -> str:
    """The certificates of the machine, or those that botocore brings: libpq's `system` is, in psycopg's wheels, a
    folder that no machine has.
    """
    there = (each for each in (ssl.get_default_verify_paths().cafile, *BUNDLES) if each and Path(each).is_file())
    return next(there, None) or where()


def _here(hosts: str) -> bool:
    """Sockets and loopback, each of those that are named."""
    return all(_loopback(each) for each in hosts.split(","))


def _loopback(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
