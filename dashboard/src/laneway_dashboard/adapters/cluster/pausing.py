"""Pausing a lane in a cluster: an annotation, which the operator heeds and no tool that applies the pool takes away."""

from __future__ import annotations

import logging
from datetime import UTC
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import GROUP, KIND, PAUSED_LANES, PLURAL, VERSION
from laneway_dashboard.adapters.cluster.api_server import MERGE, Conflict
from laneway_dashboard.adapters.cluster.resource import resource_of, with_lane
from laneway_dashboard.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_dashboard.adapters.cluster.api_server import ApiServer
    from laneway_dashboard.adapters.cluster.resource import Resource
    from laneway_dashboard.ports.clock import Clock

log = logging.getLogger(__name__)

TRIES = 3  # the operator and people write the same object
COMPONENT = "laneway-dashboard"
MOST_NAME = 200  # characters of who asked; an Event's message has 1,024
API = f"/apis/{GROUP}/{VERSION}"


class ClusterPauses:
    """Of one pool. By the dashboard's own right: whether who asks may is looked at before."""

    def __init__(self, api: ApiServer, name: str, seen: Callable[[], Resource | None], clock: Clock) -> None:
        """`seen` is how the pool was listed last."""
        self._api = api
        self._namespace, _, self._pool = name.partition("/")
        self._seen = seen
        self._clock = clock

    def is_paused(self, lane: str) -> bool | None:
        """As it was listed; None where it is gone."""
        found = self._seen()
        return None if found is None else found.is_paused(lane)

    def stage(self, lane: str) -> str:
        """Of its status; empty where that says nothing."""
        found = self._seen()
        return "" if found is None else found.stages.get(lane, "")

    def pause(self, lane: str, who: str) -> None:
        """Its annotation names the lane, too."""
        self._tell("LanePaused", f"{who[:MOST_NAME]} paused the lane {lane}", self._write(lane, stop=True))

    def resume(self, lane: str, who: str) -> None:
        """Its annotation names the lane no more."""
        found = self._write(lane, stop=False)
        self._tell("LaneResumed", f"{who[:MOST_NAME]} resumed the lane {lane}", found)

    def _write(self, lane: str, *, stop: bool) -> Resource:
        path = f"{API}/namespaces/{self._namespace}/{PLURAL}/{self._pool}"
        for _ in range(TRIES):
            found = resource_of(self._api.call("GET", path))
            if lane not in found.lanes:  # an annotation that names one makes the pool unserved
                raise Unavailable(f"the pool declares no lane {lane} any more: it has {', '.join(found.lanes)}")
            if not stop and lane in found.suspended:
                raise Unavailable(f"{lane} is stopped by {found.suspended[lane]}: take that away, and it begins again")
            annotations = {PAUSED_LANES: with_lane(found.paused, lane, stop=stop)}
            patch = {"metadata": {"resourceVersion": found.version, "annotations": annotations}}
            try:
                return resource_of(self._api.call("PATCH", path, patch, MERGE))
            except Conflict:
                continue
        raise Unavailable("others write this pool again and again: nothing was changed; try again")

    def _tell(self, reason: str, message: str, found: Resource) -> None:
        """What was done stays done where it can't be told."""
        try:
            event = self._event(reason, message, found.uid)
            self._api.call("POST", f"/api/v1/namespaces/{self._namespace}/events", event)
        except Unavailable as error:
            log.warning("no Event was made", extra={"fields": {"pool": found.name, "why": str(error)}})

    def _event(self, reason: str, message: str, uid: str) -> dict[str, Any]:
        now = self._clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "metadata": {"generateName": f"{self._pool}.", "namespace": self._namespace},
            "involvedObject": {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "namespace": self._namespace,
                "name": self._pool,
                "uid": uid,
            },
            "reason": reason,
            "message": message,
            "type": "Normal",
            "source": {"component": COMPONENT},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
