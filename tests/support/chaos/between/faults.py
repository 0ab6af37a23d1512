"""Which calls to AWS go wrong, and how: a seeded choice, and the answers of a service that refuses. Pure."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.wire.http import Request

LONGEST_DELAY_SECONDS = 4.0  # some are longer than the 3 s that a heartbeat waits


class Kind(Enum):
    """What happens to a call."""

    NONE = "passed on"
    BEFORE = "dropped before its effect"
    AFTER = "dropped after its effect"
    UNAVAILABLE = "answered 503"
    THROTTLED = "throttled"
    DELAYED = "delayed"


FAULTS = [kind for kind in Kind if kind is not Kind.NONE]


@dataclass(frozen=True)
class Fault:
    """What happens to one call."""

    kind: Kind
    delay: float = 0.0


PASS = Fault(Kind.NONE)


class Faults:
    """Chooses for each call, and counts. Used by one thread, read by others."""

    def __init__(self, rate: float, seed: int, kinds: Sequence[Kind] = FAULTS) -> None:
        self.rate = rate
        """Share of calls; may be changed at any time."""
        self.counts: Counter[tuple[str, Kind]] = Counter()
        """The audit: calls by name and by what happened to them."""
        self._kinds = kinds
        self._random = random.Random(seed)  # noqa: S311 - a seeded script, no secret
        self._lock = threading.Lock()

    def next(self, call: str) -> Fault:
        """What happens to the next call."""
        fault = self._choose()
        with self._lock:
            self.counts[call, fault.kind] += 1
        return fault

    def _choose(self) -> Fault:
        if self._random.random() >= self.rate:
            return PASS
        kind = self._random.choice(self._kinds)
        return Fault(kind, self._random.uniform(0.1, LONGEST_DELAY_SECONDS) if kind is Kind.DELAYED else 0.0)

    def by_kind(self) -> dict[str, int]:
        """Faults by kind, and the calls that were passed on."""
        with self._lock:
            counts = dict(self.counts)
        return {kind.value: sum(n for (_, each), n in counts.items() if each is kind) for kind in Kind}

    def by_call(self) -> dict[str, dict[str, int]]:
        """For each call, how often what happened."""
        with self._lock:
            counts = dict(self.counts)
        calls = sorted({call for call, _ in counts})
        return {call: {kind.value: counts.get((call, kind), 0) for kind in Kind} for call in calls}


def call_name(request: Request) -> str:
    """`ReceiveMessage`, `Publish`, `PUT results`: what the audit counts by."""
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(request.body.decode()).get("Action", ["?"])[0]
    return f"{request.method} {folder_of(request.path)}"


def folder_of(path: str) -> str:
    """`results` for `/bucket/prefix/results/id.json`."""
    return path.split("/")[-2]


def refusal(request: Request, kind: Kind) -> bytes:
    """A refusal in the words of the service that was asked."""
    throttled = kind is Kind.THROTTLED
    if "x-amz-target" in request.headers:
        code = "RequestThrottled" if throttled else "ServiceUnavailable"
        body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "not now"})
        status, form = ("400 Bad Request" if throttled else "503 Service Unavailable"), "application/x-amz-json-1.0"
    elif request.method == "POST":
        code = "Throttling" if throttled else "ServiceUnavailable"
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>not now</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"
        status, form = ("400 Bad Request" if throttled else "503 Service Unavailable"), "text/xml"
    else:
        code = "SlowDown" if throttled else "ServiceUnavailable"
        body = f"<Error><Code>{code}</Code><Message>not now</Message><RequestId>0</RequestId></Error>"
        status, form = "503 Slow Down" if throttled else "503 Service Unavailable", "application/xml"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {form}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head if request.method == "HEAD" else head + body).encode()
