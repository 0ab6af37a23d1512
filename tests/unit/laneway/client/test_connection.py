from __future__ import annotations

import pytest

from laneway.client.connection import connect
from laneway.errors import PoolUnavailable
from laneway.schema.job.keys import Place


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://acme-llm", Place(bucket="acme-llm")),
        ("s3://acme-llm/documents/", Place(bucket="acme-llm", prefix="documents/")),
        ("s3://claims-h1x2y3z4-s3alias/documents", Place(bucket="claims-h1x2y3z4-s3alias", prefix="documents/")),
        ("s3://Old_Bucket/a/b", Place(bucket="Old_Bucket", prefix="a/b/")),
    ],
)
def test_a_url_names_bucket_and_prefix(url: str, place: Place) -> None:
    assert connect(url, {}).place == place


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3:///documents", "names no bucket"),
        ("s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/llm/documents", "no bucket's name; a pool is s3://bucket"),
        ("s3://acme llm/documents", "'acme llm' is no bucket's name"),
        ("s3://acme-llm:443/documents", "no bucket's name"),
    ],
)
def test_what_is_no_bucket_is_said_before_aws_is_asked(url: str, words: str) -> None:
    with pytest.raises(PoolUnavailable) as caught:
        connect(url, {})
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
