"""Which registration of a gateway is believed: who may write a message may name any gateway, but writes none. Pure."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from laneway.schema.job.reply import REPLIES_PORT

if TYPE_CHECKING:
    from datetime import datetime

    from laneway.schema.job.reply import GatewayDocument

LIFETIME = timedelta(minutes=3)  # since the last renewal; gateways renew each minute
SKEW = timedelta(minutes=1)  # by which two machines' clocks may differ
METADATA = IPv6Network("fd00:ec2::/32")
"""AWS's own services on an instance, by IPv6; by IPv4 they are link-local. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html."""
BEGINNING = "-----BEGIN CERTIFICATE-----"


class NotBelieved(Exception):
    """The words say why; they quote nothing of the registration."""


@dataclass(frozen=True)
class Believed:
    """A gateway that may be told."""

    address: str
    """An IP address."""
    port: int
    der: bytes
    """The one certificate that it may show."""
    context: ssl.SSLContext
    """Trusts this certificate and no other."""
    until: datetime
    """When it has to be read again."""


def believed(document: GatewayDocument, gateway: str, now: datetime, *, local: bool) -> Believed:
    """The gateway of this id, by its registration; `local`: it may be on this machine, at any port. Raises
    `NotBelieved`.
    """
    if document.id != gateway:
        raise NotBelieved("its registration is another gateway's")
    if not -SKEW <= now - document.renewed_at < LIFETIME + SKEW:
        raise NotBelieved("its registration was not renewed")
    if not local and document.port != REPLIES_PORT:
        raise NotBelieved(f"it takes streams at another port than {REPLIES_PORT}")
    if not _is_allowed(document.address, local=local):
        raise NotBelieved("its address is none where gateways are")
    der, context = _trusting(document.certificate)
    return Believed(document.address, document.port, der, context, document.renewed_at + LIFETIME + SKEW)


def _is_allowed(text: str, *, local: bool) -> bool:
    """Whether a pod may have it. Where IPv6 stands for an address of IPv4 it is none of a pod's."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if address.is_loopback:
        return local
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address.sixtofour or address.teredo):
        return False
    barred = address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
    return not barred and address not in METADATA and "%" not in text


def _trusting(certificate: str) -> tuple[bytes, ssl.SSLContext]:
    """One certificate, and what trusts it alone."""
    if certificate.count(BEGINNING) != 1:
        raise NotBelieved("its registration has not one certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which trusts nobody yet
    context.check_hostname = False  # the certificate itself is compared
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=certificate)
        return ssl.PEM_cert_to_DER_cert(certificate.strip()), context
    except (ssl.SSLError, ValueError):
        raise NotBelieved("its certificate can't be read") from None
