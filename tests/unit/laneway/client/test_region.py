from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from laneway.client.connection import Connection
from laneway.client.remote import REGION_HEADER, Remote
from laneway.schema.job.keys import Place

CONNECTION = Connection(
    place=Place(bucket="acme-llm"),
    region="eu-west-1",
    access_key_id="a",
    secret_access_key="s",  # noqa: S106 - nobody's
)


def asked(headers: dict[str, str]) -> str:
    """The region of a bucket that may be listed in part only."""
    remote = Remote(CONNECTION)
    with Stubber(remote._s3) as s3:
        s3.add_client_error("head_bucket", "403", http_status_code=403, response_meta={"HTTPHeaders": headers})
        return remote._region()


def test_a_refusal_tells_the_buckets_region_too() -> None:
    assert asked({REGION_HEADER: "eu-north-1"}) == "eu-north-1"


def test_a_refusal_without_a_region_is_one() -> None:
    with pytest.raises(ClientError):
        asked({})
