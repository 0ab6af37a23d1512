"""Kubernetes, as the operator needs it: apply, delete, status. The port, and what holds for whatever is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from laneway.schema.shared.names import MANAGED_BY_LABEL, POOL_LABEL
from laneway_operator.errors import SpecError
from laneway_operator.known.digest import owned
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway_operator.known.observe import Child
    from laneway_operator.known.snapshot import PoolBody
    from laneway_operator.render.view import Manifest

NAMED_BY_CONTENT = ("Job",)
"""Nobody else's has a name with our hash; all others are called by pool and lane, and so is a lane's live ConfigMap."""


class Cluster(Protocol):
    """Raises `NotYet` where a kind is not installed, `SpecError` where an object is refused, `Unreachable` else."""

    def apply(self, manifest: Manifest) -> None:
        """Server-side apply, whole, as one field manager."""

    def delete(self, child: Child, namespace: str) -> None:
        """Delete exactly this object; one that is gone already is no error."""

    def write_status(self, namespace: str, name: str, status: dict[str, Any]) -> None:
        """Replace a pool's status; a pool that is gone is no error."""

    def write_profile_status(self, name: str, status: dict[str, Any]) -> None:
        """Replace a placement profile's status; one that is gone is no error."""

    def tell(self, event: Manifest) -> None:
        """Make an Event."""

    def tell_again(self, namespace: str, name: str, count: int, at: str) -> None:
        """An Event has happened so often by now; one that is gone is no error. `at` is RFC 3339, with microseconds."""

    def has_pool(self, namespace: str, name: str, uid: str) -> bool:
        """Whether exactly this pool is there, and not on its way out."""

    def hold(self, pool: PoolBody) -> None:
        """Give a pool our finalizer; one that is on its way out can have none."""

    def let_go(self, pool: PoolBody) -> None:
        """Take our finalizer from a pool; one that is gone is no error."""

    def document(self, namespace: str, name: str, file: str) -> str | None:
        """What a ConfigMap holds as this file; None where there is none."""

    def has_secret(self, namespace: str, name: str) -> bool:
        """Whether there is a Secret."""

    def identity(self) -> str:
        """What tells this cluster from every other: the UID of kube-system."""


def refuse_foreign(live: dict[str, Any], manifest: Manifest) -> None:
    """Raises `SpecError` where a live object is not the pool's that the manifest is of, nor a namesake's orphan."""
    owner, owners = manifest["metadata"]["ownerReferences"][0]["uid"], live["metadata"].get("ownerReferences", [])
    if any(each["uid"] == owner for each in owners) or is_orphan(live, manifest):
        return
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    raise SpecError(Reason.NAME_TAKEN, f"there is a {name} that is not this pool's")


def is_orphan(live: dict[str, Any], manifest: Manifest) -> bool:
    """Whether we made this for a pool of the same name and nobody controls it: that was deleted without its children.
    Labels alone don't tell, as anybody may write them; who applied an object, the API server keeps.
    """
    metadata = live["metadata"]
    labels, wanted = metadata.get("labels", {}), manifest["metadata"]["labels"]
    named = all(labels.get(each) == wanted[each] for each in (MANAGED_BY_LABEL, POOL_LABEL))
    controlled = any(each.get("controller") for each in metadata.get("ownerReferences", []))
    return named and not controlled and bool(owned(live))
