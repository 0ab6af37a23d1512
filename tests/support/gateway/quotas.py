"""Quotas, as a keys file has them."""

from __future__ import annotations

from laneway.schema.pool.documents.keys_file import Quota


def quota(jobs: int | None = None, tokens: int | None = None, gpu_seconds: int | None = None) -> Quota:
    """With these bounds."""
    told = {"jobsInFlight": jobs, "tokensPerDay": tokens, "gpuSecondsPerDay": gpu_seconds}
    return Quota.model_validate({name: each for name, each in told.items() if each is not None})
