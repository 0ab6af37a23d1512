"""Keys that a test gives out, and takes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.documents.keys_file import Quota
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

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """Of those that have one."""
        return {each.name: each.quota for each in self.tenants.values() if each.quota is not None}

    def find(self, key: str) -> Tenant | None:
        """By the key itself."""
        return self.anybody or self.tenants.get(key)
