"""What must move, and for how long it may stand still. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LOOP_SECONDS = 60.0
LEADER_SECONDS = 60.0
QUEUE_SECONDS = 300.0
MOST_NAMED = 3
WATCH_SECONDS = 300.0  # kopf renews a silent watch after 70 s, and tries what fails every 20 s


@dataclass(frozen=True)
class Vitals:
    """Each says for how many seconds it has given no sign."""

    loop: Callable[[], float]
    leader: Callable[[], float]
    queue: Callable[[], float]
    watches: Callable[[], Mapping[str, float]]

    def stalled(self) -> dict[str, float]:
        """What has stood still for too long."""
        signs = [
            ("the event loop", self.loop(), LOOP_SECONDS),
            ("the Lease", self.leader(), LEADER_SECONDS),
            ("the work queue", self.queue(), QUEUE_SECONDS),
            *((f"the watch of {path}", seconds, WATCH_SECONDS) for path, seconds in self.watches().items()),
        ]
        return {name: seconds for name, seconds, most in signs if seconds > most}


def unready(missing: Sequence[str], *, whole: bool, leader_known: bool) -> str:
    """What a start still waits for; empty where nothing. `missing` has the addresses of lists that never came."""
    if not leader_known:
        return "nobody holds the Lease: may the operator's account read, make and renew it?"
    if whole:
        return ""
    if not missing:
        return "not everything was listed yet: is the chart laneway-crds installed, and does the API server answer?"
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    return f"not listed yet: {', '.join(missing[:MOST_NAMED])}{more}"
