"""Pool files and jobs for pools that run on this machine."""

from __future__ import annotations

from typing import Any

from support import canary

GEMMA = "gemma3:270m"
SMOLLM = "smollm2:135m"
BUCKET = "e2e-results"
LEGAL_BUCKET = "e2e-legal"
CANARY = canary.PROMPT
"""Stands in prompts; no log and no metric may hold it."""

SHARED_POOL = f"""\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {{name: e2e}}
spec:
  model: {{name: "{GEMMA}", contextLength: 8192}}
  results: {{s3: {{bucket: {BUCKET}}}}}
  destinations:
  - {{name: legal, s3: {{bucket: {LEGAL_BUCKET}, prefix: llm/}}}}
  lanes:
  - name: fast
    limits: {{timeout: 5m, expiresAfter: 1h, maxTokens: 7000}}
  - name: slow
    model: {{name: "{SMOLLM}", contextLength: 4096}}
    parallel: 2
    limits: {{timeout: 5m, expiresAfter: 1h, maxTokens: 2048}}
  - name: brief
    model: {{name: "{SMOLLM}", contextLength: 8192}}
    limits: {{timeout: 2s, expiresAfter: 1h, maxAttempts: 2, maxTokens: 7000}}
"""


def one_lane_pool(model: str = SMOLLM, drain_timeout: str = "5m") -> str:
    """A pool with the one lane `only`."""
    return f"""\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {{name: own}}
spec:
  model: {{name: "{model}", contextLength: 8192}}
  results: {{s3: {{bucket: {BUCKET}}}}}
  lanes:
  - name: only
    limits: {{timeout: 5m, expiresAfter: 1h, maxTokens: 7000}}
    drainTimeout: {drain_timeout}
"""


def counting(tokens: int, **fields: Any) -> dict[str, Any]:
    """A job that writes as many tokens as it may: both models go on counting."""
    numbers = ", ".join(str(number) for number in range(1, 30))
    return {"prompt": f"{numbers},", "raw": True, "options": {"temperature": 0, "num_predict": tokens}, **fields}


ENDLESS_TOKENS = 7000
"""Minutes on two cores, and longer than a cancel takes on any machine."""


def short(words: str = f"{CANARY}. The capital of France is", **fields: Any) -> dict[str, Any]:
    """A job of a few tokens."""
    return {"prompt": words, "raw": True, "options": {"temperature": 0, "num_predict": 8}, **fields}
