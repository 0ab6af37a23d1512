"""The status of a placement profile, as its CRD has it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints

from laneway_operator.status.model import Written

if TYPE_CHECKING:
    from collections.abc import Collection

    from laneway_operator.known.profiles import ProfileSnapshot

MOST_POOLS = 100  # listed; each change of one is a write of all

PoolText = Annotated[str, StringConstraints(max_length=104)]  # of a namespace 63, a slash, of a pool 40


class ProfileStatus(Written):
    """What the operator says of a profile. Written only when something changed."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the spec that pools were looked at with."""
    pool_count: Annotated[int, Field(ge=0)] = 0
    """How many pools name it."""
    pools: Annotated[tuple[PoolText, ...], Field(max_length=MOST_POOLS)] = ()
    """The pools that name it, as `namespace/name`, in order: 100 at most."""


def profile_status(seen: ProfileSnapshot, namespaces: Collection[str]) -> dict[str, Any]:
    """What should stand there. An operator that serves some `namespaces` (none: all) leaves the pools of others as they
    stand: another operator wrote them.
    """
    ours = {f"{namespace}/{pool}" for namespace, pool in seen.pools}
    written: list[str] = seen.profile.status.get("pools") or []
    others = {each for each in written if namespaces and each.partition("/")[0] not in namespaces}
    pools = sorted(ours | others)
    status = ProfileStatus(
        observed_generation=seen.profile.generation, pool_count=len(pools), pools=tuple(pools[:MOST_POOLS])
    )
    return status.model_dump(mode="json", by_alias=True)
