"""Who may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.documents.keys_file import Quota
    from laneway_gateway.desk import Tenant


class Keys(Protocol):
    """The keys as they are now: a file of them is read anew while the gateway runs."""

    @property
    def needed(self) -> bool:
        """Whether a request needs a key. Without keys the gateway listens on loopback alone."""
        ...

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """What tenants may use, by their names, of those for whom that is bounded."""
        ...

    def find(self, key: str) -> Tenant | None:
        """Whose key it is, by its hash; None for one that there is not, or no longer. Where none is needed, any text is
        the one tenant's.
        """
        ...
