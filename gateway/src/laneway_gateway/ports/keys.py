"""Who may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway_gateway.desk import Tenant


class Keys(Protocol):
    """The keys as they are now: a file of them is read anew while the gateway runs."""

    @property
    def needed(self) -> bool:
        """Whether a request needs a key. Without keys the gateway listens on loopback alone."""
        ...

    def find(self, key: str) -> Tenant | None:
        """Whose key it is, by its hash; None for one that there is not, or no longer. Where none is needed, any text is
        the one tenant's.
        """
        ...
