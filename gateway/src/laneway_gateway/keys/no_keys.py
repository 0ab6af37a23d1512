"""Without keys: whoever reaches loopback is the one tenant. It implements `laneway_gateway.ports.keys.Keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_gateway.desk import Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.documents.keys_file import Quota

LOCAL = "local"


class NoKeys:
    """Any text is the one tenant's."""

    needed = False

    def __init__(self, most_held: int) -> None:
        """`most_held` is what the process may hold: one tenant shares it with nobody."""
        self._tenant = Tenant(LOCAL, most_held=most_held)

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """None: who has a machine has all of it."""
        return {}

    def find(self, key: str) -> Tenant:
        """Whoever asks."""
        del key
        return self._tenant
