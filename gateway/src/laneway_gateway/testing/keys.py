"""Keys that a test gives out, and takes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_gateway.desk import Tenant


@dataclass
class FakeKeys:
    """Keys in memory."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    """Key → tenant."""
    anybody: Tenant | None = None
    """Whose any text is, where no key is needed."""

    @property
    def needed(self) -> bool:
        """Unless there is somebody for whom none is."""
        return self.anybody is None

    def find(self, key: str) -> Tenant | None:
        """By the key itself."""
        return self.anybody or self.tenants.get(key)
