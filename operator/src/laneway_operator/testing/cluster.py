"""A cluster in memory: it keeps what is applied, and whose field is whose, as far as the operator looks."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import FINALIZER, KIND, PROFILE_KIND
from laneway_operator.cluster.port import NAMED_BY_CONTENT, refuse_foreign
from laneway_operator.errors import NotYet, SpecError, Unreachable
from laneway_operator.kinds import KEDA_GROUP, KINDS
from laneway_operator.known.digest import FIELD_MANAGER
from laneway_operator.known.image_volumes import refuse_dropped
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway_operator.known.observe import Child
    from laneway_operator.known.snapshot import PoolBody
    from laneway_operator.render.view import Manifest

WRITES = {"apply", "delete", "hold", "let-go", "profile-status", "status"}
Place = tuple[str, str, str]
"""Kind, namespace and name."""


class MemoryCluster:
    """The port `Cluster`."""

    def __init__(self, identity: str = "cluster-1") -> None:
        """Empty, with KEDA."""
        self.objects: dict[Place, dict[str, Any]] = {}
        self.statuses: dict[tuple[str, str], dict[str, Any]] = {}
        self.profile_statuses: dict[str, dict[str, Any]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        """Name → Event, in the order in which they came."""
        self.secrets: set[tuple[str, str]] = set()
        self.gone: set[tuple[str, str, str]] = set()
        """Namespace, name and UID of pools that were deleted."""
        self.held: set[str] = set()
        """UIDs of pools that have our finalizer."""
        self.calls: list[str] = []
        """Every call, such as `apply Deployment documents-fast`."""
        self.refusals: dict[tuple[str, str], str] = {}
        """Kind and name → the words with which an object is refused; of a pool it is the status, or our finalizer."""
        self.keda = True
        """Whether KEDA is installed."""
        self.image_volumes = True
        """Whether the API server knows them."""
        self.down: Unreachable | None = None
        """What every call raises."""
        self._identity = identity
        self._uids = itertools.count(1)

    @property
    def writes(self) -> list[str]:
        """The calls that change something."""
        return [each for each in self.calls if each.split()[0] in WRITES]

    def apply(self, manifest: Manifest) -> None:
        """As the API server does it; fields of others survive."""
        kind, metadata = manifest["kind"], manifest["metadata"]
        self._asked(f"apply {kind} {metadata['name']}")
        if KINDS[kind].group == KEDA_GROUP and not self.keda:
            raise NotYet(Reason.KEDA_MISSING, f"the cluster has no {kind}: KEDA is not installed")
        self._admit(kind, metadata["name"])
        if kind == "Deployment" and not self.image_volumes:
            refuse_dropped(manifest, {"spec": {"template": {"spec": {}}}})
        place = (kind, metadata["namespace"], metadata["name"])
        live = self.objects.get(place, {})
        if live and kind not in NAMED_BY_CONTENT:
            refuse_foreign(live, manifest)
        self.objects[place] = self._applied(live, manifest)

    def _applied(self, live: dict[str, Any], manifest: Manifest) -> dict[str, Any]:
        found: dict[str, Any] = _merged(_without_ours(live), manifest)
        found["metadata"]["uid"] = live.get("metadata", {}).get("uid") or f"uid-{next(self._uids)}"
        others = [
            each for each in live.get("metadata", {}).get("managedFields", []) if each["manager"] != FIELD_MANAGER
        ]
        ours = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields_of(manifest)}
        found["metadata"]["managedFields"] = [*others, ours]
        return found

    def delete(self, child: Child, namespace: str) -> None:
        """Only where the UID is the same."""
        self._asked(f"delete {child.kind} {child.name}")
        place = (child.kind, namespace, child.name)
        if self.objects.get(place, {}).get("metadata", {}).get("uid") == child.uid:
            del self.objects[place]

    def write_status(self, namespace: str, name: str, status: dict[str, Any]) -> None:
        """See the port."""
        self._asked(f"status {name}")
        self._admit(KIND, name)
        self.statuses[namespace, name] = copy.deepcopy(status)

    def write_profile_status(self, name: str, status: dict[str, Any]) -> None:
        """See the port."""
        self._asked(f"profile-status {name}")
        self._admit(PROFILE_KIND, name)
        self.profile_statuses[name] = copy.deepcopy(status)

    def tell(self, event: Manifest) -> None:
        """See the port."""
        self._asked(f"event {event['reason']}")
        self._admit("Event", event["reason"])
        self.events[event["metadata"]["name"]] = copy.deepcopy(event)

    def tell_again(self, namespace: str, name: str, count: int, at: str) -> None:
        """See the port."""
        self._asked(f"event-again {name}")
        event = self.events.get(name)
        if event is not None and event["metadata"]["namespace"] == namespace:
            event["series"] = {"count": count, "lastObservedTime": at}

    def has_pool(self, namespace: str, name: str, uid: str) -> bool:
        """See the port."""
        self._asked(f"pool {name}")
        return (namespace, name, uid) not in self.gone

    def hold(self, pool: PoolBody) -> None:
        """See the port."""
        self._asked(f"hold {pool.name}")
        self.held.add(pool.uid)

    def let_go(self, pool: PoolBody) -> None:
        """See the port."""
        self._asked(f"let-go {pool.name}")
        self._admit(FINALIZER, pool.name)
        self.held.discard(pool.uid)

    def document(self, namespace: str, name: str, file: str) -> str | None:
        """See the port."""
        self._asked(f"document {name}")
        text: str | None = self.objects.get(("ConfigMap", namespace, name), {}).get("data", {}).get(file)
        return text

    def has_secret(self, namespace: str, name: str) -> bool:
        """See the port."""
        self._asked(f"secret {name}")
        return (namespace, name) in self.secrets

    def identity(self) -> str:
        """See the port."""
        self._asked("identity")
        return self._identity

    def _admit(self, kind: str, name: str) -> None:
        words = self.refusals.get((kind, name))
        if words is not None:
            raise SpecError(Reason.REFUSED, words)

    def _asked(self, call: str) -> None:
        self.calls.append(call)
        if self.down is not None:
            raise self.down


def fields_of(manifest: Manifest) -> dict[str, Any]:
    """`fieldsV1` of an applied manifest, with every list taken as one value."""
    body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    body["metadata"] = {key: value for key, value in body["metadata"].items() if key not in ("name", "namespace")}
    return _fields(body)


def _fields(value: Any) -> dict[str, Any]:
    return {f"f:{key}": _fields(each) for key, each in value.items()} if isinstance(value, dict) else {}


def _merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return copy.deepcopy(above)
    return below | {key: _merged(below.get(key), value) for key, value in above.items()}


def _without_ours(live: dict[str, Any]) -> dict[str, Any]:
    """What stays of an object when we apply something else: what we own no more is gone."""
    entries = live.get("metadata", {}).get("managedFields", [])
    ours: dict[str, Any] = next((each["fieldsV1"] for each in entries if each["manager"] == FIELD_MANAGER), {})
    return _pruned(copy.deepcopy(live), ours)


def _pruned(value: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    for key, inner in fields.items():
        name = key[2:]
        if not inner:
            value.pop(name, None)
        elif isinstance(value.get(name), dict):
            _pruned(value[name], inner)
    return value
