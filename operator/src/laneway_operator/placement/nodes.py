"""Where a lane's pods may run: the placement profiles that it names, taken together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway_operator.errors import SpecError
from laneway_operator.placement.profiles import ANYWHERE
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway_operator.placement.profiles import Accelerator, Profile, Toleration


@dataclass(frozen=True)
class Nodes:
    """Kinds of node in order of preference, and what holds on all of them."""

    selectors: tuple[dict[str, str], ...]
    """Labels of each kind of node."""
    tolerations: tuple[Toleration, ...]
    """Of all of them."""
    accelerator: Accelerator | None
    """The one that a pod asks for; with the smallest memory, or none where one kind of node doesn't tell."""
    price_per_hour: float | None
    """None where prices differ: a worker doesn't know on which kind of node it runs, and no cost beats a wrong one."""
    spot: bool
    """One of them may be taken away with two minutes' notice, and a pod has one grace period."""


def nodes_of(lane: str, names: tuple[str, ...], profiles: dict[str, Profile]) -> Nodes:
    """The nodes of a lane that names these profiles; raises `SpecError`."""
    found = tuple(_profile(lane, name, profiles) for name in names) or (ANYWHERE,)
    devices = [_device(each) for each in found]
    if len(set(devices)) > 1:
        told = ", ".join(f"{name}: {device}" for name, device in zip(names, devices, strict=True))
        words = f"lane {lane}: its placement profiles have different accelerators ({told}), and a pod asks for one"
        raise SpecError(Reason.PROFILES_DIFFER, words)
    prices = {each.price_per_hour for each in found}
    return Nodes(
        selectors=tuple(each.node_selector for each in found),
        tolerations=tuple(dict.fromkeys(toleration for each in found for toleration in each.tolerations)),
        accelerator=_smallest([each.accelerator for each in found if each.accelerator]),
        price_per_hour=prices.pop() if len(prices) == 1 else None,
        spot=any(each.interruption == "spot" for each in found),
    )


def _profile(lane: str, name: str, profiles: dict[str, Profile]) -> Profile:
    if name not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise SpecError(Reason.UNKNOWN_PROFILE, f"lane {lane}: no placement profile {name}; there are: {known}")
    return profiles[name]


def _device(profile: Profile) -> str:
    device = profile.accelerator
    return f"{device.count} {device.resource}" if device else "none"


def _smallest(devices: list[Accelerator]) -> Accelerator | None:
    if not devices:
        return None
    known = [each.memory for each in devices if each.memory is not None]
    return devices[0].model_copy(update={"memory": min(known) if len(known) == len(devices) else None})
