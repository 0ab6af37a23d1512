"""ARNs of what a pool uses, as IAM policies name them. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

PARTITIONS = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
}
"""How the names of regions begin that are apart from all others → their part of AWS, and the domain of its services.

botocore/data/partitions.json
"""


def partition_of(region: str) -> str:
    """The part of AWS that a region belongs to."""
    return _partition(region)[0]


def domain_of(region: str) -> str:
    """What the names of a region's services end with."""
    return _partition(region)[1]


def _partition(region: str) -> tuple[str, str]:
    return next((found for start, found in PARTITIONS.items() if region.startswith(start)), ("aws", "amazonaws.com"))


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
