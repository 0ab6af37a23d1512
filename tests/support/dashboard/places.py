"""The pages that are looked at, of each world."""

from __future__ import annotations

from laneway_dashboard.testing.worlds import LONG_ID

COMMON = {
    "pools": "/",
    "lane": "lanes/fast",
    "failed": "failed",
    "jobs": "jobs",
    "schedules": "schedules",
    "actions": "actions",
    "missing": "lanes/none",
}
JOBS = {"busy": "invoice-89991", "trouble": "claim-2026-0003", "hostile": LONG_ID}


def places(world: str) -> dict[str, str]:
    """Name → path."""
    job = JOBS.get(world)
    return COMMON if job is None else COMMON | {"job": f"jobs/{job}", "texts": f"jobs/{job}/texts"}
