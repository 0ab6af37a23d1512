"""Where a program listens: at one address, or at all of a pod's, whichever families the cluster gives it."""

from __future__ import annotations

import socket

ANYWHERE = "::"
"""Every address of this machine or pod, of both families."""
_OF_IPV4 = "0.0.0.0"  # noqa: S104 - what is asked for, where the kernel has no IPv6


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at an IP literal without brackets; at `ANYWHERE` for both families, or for IPv4 alone where
    the kernel has no IPv6. Port 0 takes a free one. Raises OSError.
    """
    if host == ANYWHERE and not socket.has_dualstack_ipv6():
        host = _OF_IPV4
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, dualstack_ipv6=host == ANYWHERE)
