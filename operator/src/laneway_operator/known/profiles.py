"""What is known of placement profiles, and which pools name them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from laneway.schema.pool.profile import PlacementProfile, parse_profile
from laneway.schema.shared.names import GROUP, PROFILE_KIND, VERSION
from laneway.schema.shared.problems import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.profile import ProfileSpec
    from laneway_operator.known.observe import Key, Object


@dataclass(frozen=True)
class ProfileBody:
    """A profile as it stands in the cluster."""

    name: str
    generation: int
    spec: ProfileSpec | str
    """Why it can't be used, where it can't: what the API server lets through, a model may refuse."""
    status: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ProfileSnapshot:
    """A profile and the pools that name it."""

    profile: ProfileBody
    pools: tuple[Key, ...] = ()


def profile_key(name: str) -> Key:
    """As of everything that has no namespace: the namespace is empty."""
    return ("", name)


def profile_body(body: Object) -> ProfileBody:
    """What is kept of a profile."""
    metadata = body["metadata"]
    return ProfileBody(metadata["name"], metadata.get("generation", 0), _spec(body), dict(body.get("status") or {}))


def _spec(body: Object) -> ProfileSpec | str:
    document = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": PROFILE_KIND,
        "metadata": {"name": body["metadata"]["name"]},
        "spec": body.get("spec") or {},
    }
    try:
        return parse_profile(document).spec
    except ValidationError as error:
        return problems(error, PlacementProfile)


def profiles_named(spec: Mapping[str, Any]) -> frozenset[str]:
    """The profiles that a pool's spec names, whether or not the rest of it can be understood."""
    placements = [_object(_object(lane).get("placement")) for lane in _list(spec.get("lanes"))]
    named = [name for each in placements for name in _list(each.get("profiles"))]
    return frozenset(name for name in named if isinstance(name, str))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class Uses:
    """Which pools name which profiles."""

    def __init__(self) -> None:
        """None does."""
        self._named: dict[str, tuple[Key, frozenset[str]]] = {}

    def tell(self, uid: str, key: Key | None, names: frozenset[str]) -> frozenset[str]:
        """A pool as it is now, by its UID; without a key it is gone. The answer: profiles whose pools changed by it."""
        _, before = self._named.pop(uid, (None, frozenset[str]()))
        if key is not None and names:
            self._named[uid] = (key, names)
        return before ^ (names if key is not None else frozenset())

    def of(self, name: str) -> list[Key]:
        """The pools that name a profile, in order."""
        return sorted(key for key, names in self._named.values() if name in names)
