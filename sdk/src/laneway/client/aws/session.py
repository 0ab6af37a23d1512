"""Sessions of boto3: with keys of their own, which nobody's settings reach; or by boto3's own chain."""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.session import Session

ALONE: dict[str, tuple[Any, ...]] = {
    name: (in_file, None, default, conversion)
    for name, (in_file, _, default, conversion) in Session.SESSION_VARIABLES.items()
} | dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
"""botocore's settings without their variables, AWS_PROFILE among them, and without the files in the home."""

ANYWHERE = "us-east-1"
"""Where to ask S3 as long as nobody names a region: it tells there of buckets everywhere."""


def session_with(access_key_id: str | None, secret_access_key: str | None, region: str | None) -> boto3.Session:
    """With both keys: of an emulator, to which a person's profile, role, region, proxy and endpoint are nothing."""
    alone = Session(session_vars=ALONE) if access_key_id and secret_access_key else None
    return boto3.Session(
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        region_name=region,
        botocore_session=alone,
    )
