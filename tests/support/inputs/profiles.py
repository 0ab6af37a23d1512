"""Placement profiles as a person writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.pool.profile import parse_profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.profile import ProfileSpec


def profile_with(name: str = "g5", **spec: Any) -> dict[str, Any]:
    """A profile of this spec."""
    return {
        "apiVersion": "laneway.dev/v1alpha1",
        "kind": "PlacementProfile",
        "metadata": {"name": name},
        "spec": spec,
    }


def gpu(count: int = 1, memory: str | None = None, name: str = "nvidia.com/gpu") -> dict[str, Any]:
    """An accelerator."""
    known = {"memory": memory} if memory else {}
    return {"extendedResource": {"name": name, "count": count, **known}}


def profile_specs(specs: Mapping[str, dict[str, Any]]) -> dict[str, ProfileSpec]:
    """Name → spec, validated."""
    return {name: parse_profile(profile_with(name, **spec)).spec for name, spec in specs.items()}
