"""One pass over one placement profile: which pools name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.errors import SpecError, Unreachable
from laneway_operator.status.beside.profiles import profile_status

if TYPE_CHECKING:
    from collections.abc import Collection

    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.profiles import ProfileSnapshot


def tell_users(cluster: Cluster, seen: ProfileSnapshot, namespaces: Collection[str]) -> None:
    """Write its status where it is another; raises `Unreachable`."""
    status = profile_status(seen, namespaces)
    if status == seen.profile.status:
        return
    try:
        cluster.write_profile_status(seen.profile.name, status)
    except SpecError as error:
        raise Unreachable(f"the status was refused: {error}") from error
