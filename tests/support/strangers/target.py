"""What strangers ask: gateways before a pool of `laneway up`."""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.gateway.process import gateway_process
from support.local.pool import FIRST_READY_SECONDS, local_pool
from support.strangers.models import BRIEF, CHAT, COMPLETE, EMBED, FEW_TOKENS, MOST_TOKENS, TOOLS, cache_with_them

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.local.pool import LocalPool

CONTEXT = 8192
LIMITS = "timeout: 5m, expiresAfter: 1h"
MOST_COMPLETED = 512
EDGE_SECONDS = 10
"""After how long the guarded gateway sends a silent request away, so that its client asks again."""
POOL = f"""\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {{name: strangers}}
spec:
  model: {{name: "{CHAT}", contextLength: {CONTEXT}}}
  results: {{s3: {{bucket: strangers}}}}
  lanes:
  - name: chat
    limits: {{{LIMITS}, maxTokens: {MOST_TOKENS}}}
  - name: tools
    model: {{name: "{TOOLS}", contextLength: {CONTEXT}}}
    limits: {{{LIMITS}, maxTokens: {MOST_TOKENS}}}
  - name: brief
    model: {{name: "{BRIEF}", contextLength: {CONTEXT}}}
    limits: {{{LIMITS}, maxTokens: {FEW_TOKENS}}}
  - name: complete
    model: {{name: "{COMPLETE}", contextLength: {CONTEXT}}}
    limits: {{{LIMITS}, maxTokens: {MOST_COMPLETED}}}
  - name: embed
    model: {{name: "{EMBED}", contextLength: {CONTEXT}}}
    limits: {{{LIMITS}}}
"""


@dataclass(frozen=True)
class Target:
    """Where strangers ask."""

    url: str
    """A gateway that asks nobody for a key."""
    guarded: str
    """Another before the same pool, which does, and which is impatient."""
    key: str
    pool: LocalPool


@contextmanager
def target(folder: Path) -> Iterator[Target]:
    """Both gateways, until the end."""
    key = f"lw-{secrets.token_urlsafe(32)}"
    with ExitStack() as stack:
        pool = stack.enter_context(local_pool(folder, POOL))
        pool.start(LANEWAY_CACHE=str(cache_with_them(folder)))
        pool.wait_until_serving(FIRST_READY_SECONDS)
        begin = {
            "LANEWAY_GATEWAY_KEYS": str(_keys(folder, key)),
            "LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT": f"{EDGE_SECONDS}s",
        }
        opened, guarded = (stack.enter_context(gateway_process(pool.state, **each)) for each in ({}, begin))
        for each in (opened, guarded):
            each.wait_until_ready()
        yield Target(opened.url, guarded.url, key, pool)


def _keys(folder: Path, key: str) -> Path:
    file = folder / "keys.json"
    entry = {"name": "strangers", "sha256": hashlib.sha256(key.encode()).hexdigest()}
    file.write_text(json.dumps({"keys": [entry]}))
    return file
