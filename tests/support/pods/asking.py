"""Requests to gateways of the test cluster, as a client sends them that is unlucky with what it is connected to."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from support import canary

if TYPE_CHECKING:
    from support.cluster.cluster import Cluster

PORT = 8000
JOB_ID = "x-laneway-job-id"
RETRIED = {"x-stainless-retry-count": "1"}
"""By which a client says that it has asked for the same before."""
SECONDS = 180.0
COUNTING = f"{canary.PROMPT}. {', '.join(str(number) for number in range(1, 30))},"


@dataclass
class Asking:
    """One streamed answer of Ollama's API, as far as it has come. To be run in a thread of its own."""

    cluster: Cluster
    pod: dict[str, Any]
    """The gateway's."""
    key: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    job_id: str = ""
    text: str = ""
    begun: threading.Event = field(default_factory=threading.Event)
    """Set once the answer's first words are there."""

    def run(self) -> dict[str, Any]:
        """The last line of the answer; raises httpx.HTTPError where the connection breaks."""
        headers = {"Authorization": f"Bearer {self.key}", **self.headers}
        url = f"http://{self.pod['status']['podIP']}:{PORT}/api/generate"
        with (
            self.cluster.inside(),
            httpx.stream("POST", url, json=self.body, headers=headers, timeout=SECONDS, trust_env=False) as answer,
        ):
            self.job_id = answer.headers.get(JOB_ID, "")
            last: dict[str, Any] = {}
            for line in answer.iter_lines():
                last = json.loads(line)
                self._hear(last)
        return last

    def _hear(self, line: dict[str, Any]) -> None:
        self.text += line.get("response", "")
        if line.get("response"):
            self.begun.set()


def counting(model: str, tokens: int) -> dict[str, Any]:
    """A request whose answer is of so many tokens, and always the same."""
    options = {"temperature": 0, "seed": 1, "num_predict": tokens}
    return {"model": model, "prompt": COUNTING, "raw": True, "options": options}
