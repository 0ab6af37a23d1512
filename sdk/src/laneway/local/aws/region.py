"""Which region a pool is made in: what names one is asked, before anything is made."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from laneway.client.aws.session import ANYWHERE
from laneway.client.aws.words import settings_of
from laneway.local.errors import BadInputError, LocalError
from laneway.schema.shared.base import shown
from laneway.schema.shared.regions import REGION_PATTERN, Choice, Contradiction, Said, choose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from laneway.client.aws.words import Settings
    from laneway.local.aws.account import Account
    from laneway.schema.pool.pool import LLMWorkerPool

DEFAULT = Said("the default", ANYWHERE)
"""Of emulators alone: AWS is asked for nothing that nobody named."""
VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""The first one is AWS's other libraries', the second one boto3's."""
REGION_HEADER = "x-amz-bucket-region"
WAY_OUT = "name the one that holds with --region, or as aws.region in the pool, and correct the other"
NOBODY = (
    "nobody names a region for this pool: name it with --region, as aws.region in the pool, in AWS_REGION, or as "
    "region in the AWS profile"
)


def region_of(pool: LLMWorkerPool, option: str | None, account: Account, around: tuple[Said, ...]) -> Choice:
    """The pool's own region and `--region` come first and agree; then what stands around: a person's settings and the
    bucket, where it is there; an emulator has a default. Raises `LocalError`.
    """
    named = (*pool.spec.regions, *([Said("--region", option)] if option else []))
    _refuse_what_is_none(around)
    there = _of_bucket(replace(account, region=(*named, *around, DEFAULT)[0].region), pool.results.bucket)
    try:
        choice = choose(named, (*around, *there))
    except Contradiction as error:
        raise BadInputError(f"{error}; {WAY_OUT}") from None
    if choice is not None:
        return choice
    if account.endpoint is None:
        raise BadInputError(NOBODY)
    return Choice(DEFAULT, ())


def said_by_variables(environment: Mapping[str, str]) -> tuple[Said, ...]:
    """What a person has set for AWS in this shell."""
    return tuple(Said(name, environment[name]) for name in VARIABLES if environment.get(name))


def said_around(environment: Mapping[str, str]) -> tuple[Said, ...]:
    """What a person has set for AWS: variables, else the profile."""
    return said_by_variables(environment) or _said_by_profile(settings_of(environment))


def _said_by_profile(settings: Settings) -> tuple[Said, ...]:
    found = settings.of_the_profile.get("region")
    return (Said(f"the profile {settings.profile}", str(found)),) if found else ()


def _refuse_what_is_none(around: Iterable[Said]) -> None:
    for each in around:
        if not re.fullmatch(REGION_PATTERN, each.region):
            raise LocalError(f"{each.place} says {shown(each.region)!r}; a region is such as eu-west-1")


def _of_bucket(account: Account, bucket: str) -> Iterator[Said]:
    """Of one that is there. S3 tells the region also to those who may list a part of it only, or nothing."""
    with account.asking(f"looking for the bucket {bucket}"):
        try:
            answer: Any = account.client("s3").head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.operation_name != "HeadBucket":  # a role that can't be taken
                raise
            answer = error.response
    region = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(REGION_HEADER)
    if region:
        yield Said(f"the bucket {bucket}", region)
