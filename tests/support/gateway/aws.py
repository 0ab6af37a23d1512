"""The gateway's way to AWS' emulators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.client.connection import Connection
from laneway.client.remote import Remote
from laneway.schema.pool.queues.queue import QueueURLs
from support.aws.moto import CREDENTIALS, REGION
from support.inputs.documents import POOL_DOCUMENT

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.pool_document import PoolDocument


def remote_at(endpoint: str, place: Place) -> Remote:
    """The library's calls to an emulator."""
    keys = (CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    return Remote(
        Connection(place=place, endpoint=endpoint, region=REGION, access_key_id=keys[0], secret_access_key=keys[1])
    )


def document_with(url: str) -> PoolDocument:
    """A pool of one lane with this queue."""
    (lane, *_) = POOL_DOCUMENT.lanes
    urls = QueueURLs(url=url, dead_letter_url=f"{url}-dead")
    return POOL_DOCUMENT.model_copy(update={"lanes": (lane.model_copy(update={"queue": urls}),)})
