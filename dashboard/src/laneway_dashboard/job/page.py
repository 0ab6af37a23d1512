"""One job, and its texts for who asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from laneway_dashboard.desk import At, at, no_page
from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.job.timeline import timeline
from laneway_dashboard.shell.answers import Elsewhere, Notice, View

if TYPE_CHECKING:
    from laneway_dashboard.desk import Desk
    from laneway_dashboard.ports.job import JobSeen
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

NO_ID = (
    "Ids are of at most 128 letters, digits, dots, dashes and underscores. They are found whole, by themselves or at "
    "the end of a link to their result; by how they begin, on the page of jobs."
)


def page(asked: Asked, desk: Desk) -> Answer:
    """How it stands, and how it went."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    try:
        job = _job(found, asked)
    except Unavailable as error:
        return View("unavailable.html", _common(asked, found, str(error)), pool=found.ports.name, tab="jobs")
    if isinstance(job, Notice):
        return job
    values = {"job": job, "steps": timeline(job.result) if job.result else [], "at": asked.now}
    return View("job.html", values, pool=found.ports.name, tab="jobs", live=job.result is None)


def texts(asked: Asked, desk: Desk) -> Answer:
    """What was asked and answered; nobody sees it without asking for it, and it is kept nowhere."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    job_id = asked.path["job"]
    try:
        shown, trouble = found.ports.job.texts(job_id), None
    except (Refused, Unavailable) as error:
        shown, trouble = None, str(error)
    values = {"id": job_id, "texts": shown, "trouble": trouble, "at": asked.now}
    return View("texts.html", values, pool=found.ports.name, tab="jobs", live=False)


def find(asked: Asked, desk: Desk) -> Answer:
    """What was typed into the search field: an id."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    typed = asked.words("id")
    wanted = named_by(typed)
    if is_id(wanted):
        return Elsewhere(f"{found.path}/jobs/{wanted}")
    return no_page("No job is called so", NO_ID) if typed else Elsewhere(f"{found.path}/jobs")


def named_by(typed: str) -> str:
    """An id, or the one that ends the link to a result in S3, signed or not, or to a job's page here."""
    if not typed.startswith(("s3://", "http://", "https://")):
        return typed
    folder, _, name = re.split("[?#]", typed, maxsplit=1)[0].rpartition("/")
    is_page = folder.startswith("http") and folder.endswith("/jobs")  # where an id that ends so stands as it is
    return name if is_page else name.removesuffix(".json")


def is_id(text: str) -> bool:
    """Whether a job may be called so: nothing else gets into a path."""
    return 0 < len(text) <= 128 and text.isascii() and all(each.isalnum() or each in "_.-" for each in text)  # noqa: PLR2004 - as the schema bounds ids


def _job(found: At, asked: Asked) -> JobSeen | Notice:
    job = found.ports.job.get(asked.path["job"])
    if job is not None:
        return job
    return no_page(
        "No such job",
        f"{found.ports.url} has neither a job nor a result of this id. A job that was sent to SQS directly shows only "
        "once it has a result.",
    )


def _common(asked: Asked, found: At, trouble: str) -> dict[str, object]:
    return {"trouble": trouble, "title": asked.path["job"], "at": found.snapshot.at}
