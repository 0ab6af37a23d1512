"""SNS: what is published is written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulation.history import Told

if TYPE_CHECKING:
    from simulation.history import History
    from simulation.network import Reply, Wire
    from simulation.scheduler import Scheduler


class FakeSNS:
    """The topics."""

    def __init__(self, scheduler: Scheduler, history: History) -> None:
        self._scheduler = scheduler
        self._history = history

    def publish(self, who: str, message: str) -> Reply:
        """Publish."""
        note = json.loads(message)
        self._history.add(self._scheduler.now, who, Told(note["id"], note["etag"], message))
        return {"MessageId": "told"}


class SNSClient:
    """boto3's SNS client of one process."""

    def __init__(self, sns: FakeSNS, wire: Wire) -> None:
        self._sns = sns
        self._wire = wire

    def publish(self, **asked: Any) -> Any:
        return self._wire.call("Publish", "", lambda: self._sns.publish(self._wire.process.name, asked["Message"]))
