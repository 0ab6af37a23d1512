"""(desired, observed) → what to apply and what to delete. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.shared.names import LANE_LABEL
from laneway_operator.known.digest import digest_of_manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from laneway_operator.known.observe import Child
    from laneway_operator.render.view import Manifest

IDENTITY = ("ServiceAccount", "Role", "RoleBinding")


@dataclass(frozen=True)
class Plan:
    """What to do, in order."""

    end: tuple[Child, ...]
    """Jobs of before: an older preflight that outlives a newer one could publish what holds no more."""
    apply: tuple[Manifest, ...]
    delete: tuple[Child, ...]


def make_plan(
    desired: Iterable[Manifest],
    observed: Collection[Child],
    in_use: Collection[str],
    former: Collection[str] = (),
    waiting: Collection[str] = (),
) -> Plan:
    """`in_use` names ConfigMaps that pods still read: a draining pod keeps its own; `former` names lanes that drain:
    everything of theirs stays as it is; `waiting` names lanes whose Deployment does, until it is their turn, and whose
    pods are still to be somebody.
    """
    wanted = {(each["kind"], each["metadata"]["name"]): each for each in desired}
    digests = {(each.kind, each.name): each.digest for each in observed}
    held = [each for each in wanted.values() if waiting and set(waiting) & set(lanes_of([each]))]
    unwanted = [each for each in observed if (each.kind, each.name) not in wanted and each.lane not in former]
    return Plan(
        end=tuple(each for each in unwanted if each.kind == "Job"),
        apply=tuple(
            each for key, each in wanted.items() if digests.get(key) != digest_of_manifest(each) and each not in held
        ),
        delete=tuple(
            each
            for each in unwanted
            if each.kind != "Job"
            and not (each.kind == "ConfigMap" and each.name in in_use)
            and not (each.kind in IDENTITY and waiting)
        ),
    )


def lanes_of(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Of which lanes there is a Deployment."""
    for each in manifests:
        lane = each["metadata"]["labels"].get(LANE_LABEL)
        if each["kind"] == "Deployment" and lane is not None:
            yield lane
