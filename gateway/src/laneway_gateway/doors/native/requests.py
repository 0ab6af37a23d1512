"""Jobs as the pool's own door takes them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.client.lanes import refuse_early
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob, parse_job
from laneway.translate.offers import check_capabilities, offer_for
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.job.job import Job
    from laneway.schema.pool.documents.pool_document import PoolDocument
    from laneway.translate.offers import Offer, Offers

MOST_LABELS = 16
_OWN_ID = (
    "id: the gateway gives each job its id; leave it out, and send a header Idempotency-Key that names your request"
)


def read_job(body: bytes, offers: Offers, document: PoolDocument, labels: Mapping[str, str]) -> Translated:
    """A job, and the first of these lanes that it may go to: its model's, where it names one. `labels` are added to its
    own. Raises `Refused`.
    """
    try:
        job = parse_job(body)
        offer = _offer(job, offers)
        refuse_early(job, offer.lane, document)
    except InvalidJob as error:
        raise Refused(error.code, str(error)) from None
    if job.id is not None:
        raise Refused(ErrorCode.INVALID_JOB, _OWN_ID, "id")
    if len({*(job.labels or ()), *labels}) > MOST_LABELS:
        words = f"labels: at most {MOST_LABELS} fit, of which {len(labels)} are your key's: send fewer"
        raise Refused(ErrorCode.INVALID_JOB, words, "labels")
    check_capabilities(job, offer, offer.model)
    return Translated(offer.lane.name, offer.model, job.model_copy(update={"model": None}))


def _offer(job: Job, offers: Offers) -> Offer:
    if job.model is not None:
        return offer_for(job.model, offers)
    if not offers:
        raise Refused(ErrorCode.UNKNOWN_MODEL, "this key has no lane of the pool: ask whoever runs it")
    return offers[0]
