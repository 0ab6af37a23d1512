"""Where a lane's pods may run: the placement profiles that it names, taken together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.pool.profile import ANYWHERE, common_price
from laneway_operator.errors import SpecError
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.profile import ExtendedResource, ProfileSpec, Toleration

MOST_NAMED = 20


@dataclass(frozen=True)
class Nodes:
    """Kinds of node in order of preference, and what holds on all of them."""

    selectors: tuple[dict[str, str], ...]
    """Labels of each kind of node."""
    tolerations: tuple[Toleration, ...]
    """Of all of them."""
    device: ExtendedResource | None
    """The one that a pod asks for; with the smallest memory, or none where one kind of node doesn't tell."""
    price_per_hour: float | None
    """USD; see `common_price`."""
    spot: bool
    """One of them may be taken away with two minutes' notice, and a pod has one grace period."""


def nodes_of(lane: str, names: tuple[str, ...], profiles: Mapping[str, ProfileSpec | str]) -> Nodes:
    """The nodes of a lane that names these profiles, of those that there are: a text says why one can't be used. Raises
    `SpecError`.
    """
    missing = [name for name in names if name not in profiles]
    if missing:
        words = f"lane {lane}: no placement profile {', '.join(missing)}; there are: {_names(profiles)}"
        raise SpecError(Reason.UNKNOWN_PROFILE, words)
    found = tuple(_usable(lane, name, profiles[name]) for name in names) or (ANYWHERE,)
    devices = [_device(each) for each in found]
    if len(set(devices)) > 1:
        told = ", ".join(f"{name}: {device}" for name, device in zip(names, devices, strict=True))
        words = f"lane {lane}: its placement profiles have different accelerators ({told}), and a pod asks for one"
        raise SpecError(Reason.PROFILES_DIFFER, words)
    return Nodes(
        selectors=tuple(each.node_selector for each in found),
        tolerations=tuple(dict.fromkeys(toleration for each in found for toleration in each.tolerations)),
        device=_smallest([each.device for each in found if each.device]),
        price_per_hour=common_price(found),
        spot=any(each.interruption == "spot" for each in found),
    )


def _usable(lane: str, name: str, found: ProfileSpec | str) -> ProfileSpec:
    if isinstance(found, str):
        raise SpecError(Reason.INVALID_PROFILE, f"lane {lane}: placement profile {name}: {found}")
    return found


def _names(profiles: Mapping[str, ProfileSpec | str]) -> str:
    names = sorted(profiles)
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more]) or "none"


def _device(profile: ProfileSpec) -> str:
    device = profile.device
    return f"{device.count} {device.name}" if device else "none"


def _smallest(devices: list[ExtendedResource]) -> ExtendedResource | None:
    """With the memory that each of them has."""
    known = [each for each in devices if each.memory_bytes is not None]
    if len(known) < len(devices):
        return devices[0].model_copy(update={"memory": None})
    return min(known, key=lambda each: each.memory_bytes or 0, default=None)
