"""Without keys: whoever reaches loopback is the one tenant. It implements `laneway_gateway.ports.keys.Keys`."""

from __future__ import annotations

from laneway_gateway.desk import Tenant

LOCAL = "local"


class NoKeys:
    """Any text is the one tenant's."""

    needed = False

    def __init__(self, most_held: int) -> None:
        """`most_held` is what the process may hold: one tenant shares it with nobody."""
        self._tenant = Tenant(LOCAL, most_held=most_held)

    def find(self, key: str) -> Tenant:
        """Whoever asks."""
        del key
        return self._tenant
