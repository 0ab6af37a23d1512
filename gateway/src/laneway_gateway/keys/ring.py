"""Keys that were read, each by its hash. Pure."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from laneway.schema.pool.documents.keys_file import hash_of
from laneway_gateway.desk import Tenant

if TYPE_CHECKING:
    from laneway.schema.pool.documents.keys_file import GatewayKey, KeysFile


class Ring:
    """The keys of one state of a file."""

    def __init__(self, file: KeysFile) -> None:
        """The tenants are made once."""
        self._keys = tuple((each.sha256, _tenant(each)) for each in file.keys)

        self.quotas = {each.name: each.quota for each in file.keys if each.quota is not None}
        """By tenant."""

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, key: str) -> Tenant | None:
        """Whose it is. It takes as long whether it is the first one, the last one or none."""
        wanted, found = hash_of(key), None
        for sha256, tenant in self._keys:
            if hmac.compare_digest(sha256, wanted):
                found = tenant
        return found


def _tenant(key: GatewayKey) -> Tenant:
    return Tenant(key.name, key.lanes, key.labels, key.max_held, key.drops_tools, key.quota)
