"""ARNs of what a pool uses, as IAM policies name them. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""How the names of regions begin that are apart from all others."""


def partition_of(region: str) -> str:
    """The part of AWS that a region belongs to."""
    return next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")


def bucket_arn(bucket: str, region: str) -> str:
    """A bucket."""
    return f"arn:{partition_of(region)}:s3:::{bucket}"


def objects_arn(bucket: str, keys: str, region: str) -> str:
    """Objects of a bucket; `keys` may end with a `*`."""
    return f"{bucket_arn(bucket, region)}/{keys}"


def queue_arn(url: str, region: str) -> str:
    """A queue, from its URL, whose path ends with account and name; an account that it lacks is any."""
    account, _, name = urlsplit(url).path.strip("/").rpartition("/")
    return f"arn:{partition_of(region)}:sqs:{region}:{account.rpartition('/')[2] or '*'}:{name}"
