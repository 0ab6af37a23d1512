"""Laneway: send jobs to a queue in front of Ollama and find exactly one result per job.

`Pool` connects to a pool; everything else here is what its methods return or raise. Imports are lazy, so that
`import laneway.schema` (the worker, the operator) and `laneway --help` do not pay for boto3.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from laneway.client.failed_entries import Unreadable
    from laneway.client.failed_jobs import FailedJobRefused, RetryOutcome
    from laneway.client.handles import JobHandle, JobStatus
    from laneway.client.pool import Pool
    from laneway.client.sending.checked import CheckedJob
    from laneway.client.sending.many import NotAllSent, NotSent
    from laneway.errors import (
        IdReused,
        JobCancelled,
        JobExpired,
        JobFailed,
        JobNotSent,
        LanewayError,
        PoolUnavailable,
        ResultOfAnotherRequest,
        UnknownJob,
    )
    from laneway.schema.job.failed_job import FailedJob
    from laneway.schema.job.job import InvalidJob, Job
    from laneway.schema.job.result import Result

_MODULES = {
    "laneway.client.handles": ("JobHandle", "JobStatus"),
    "laneway.client.pool": ("Pool",),
    "laneway.errors": (
        "IdReused",
        "JobCancelled",
        "JobExpired",
        "JobFailed",
        "JobNotSent",
        "LanewayError",
        "PoolUnavailable",
        "ResultOfAnotherRequest",
        "UnknownJob",
    ),
    "laneway.client.failed_entries": ("Unreadable",),
    "laneway.client.sending.checked": ("CheckedJob",),
    "laneway.client.sending.many": ("NotAllSent", "NotSent"),
    "laneway.client.failed_jobs": ("FailedJobRefused", "RetryOutcome"),
    "laneway.schema.job.failed_job": ("FailedJob",),
    "laneway.schema.job.job": ("InvalidJob", "Job"),
    "laneway.schema.job.result": ("Result",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "CheckedJob",
    "FailedJob",
    "FailedJobRefused",
    "IdReused",
    "InvalidJob",
    "Job",
    "JobCancelled",
    "JobExpired",
    "JobFailed",
    "JobHandle",
    "JobNotSent",
    "JobStatus",
    "LanewayError",
    "NotAllSent",
    "NotSent",
    "Pool",
    "PoolUnavailable",
    "Result",
    "ResultOfAnotherRequest",
    "RetryOutcome",
    "UnknownJob",
    "Unreadable",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'laneway' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
