from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from laneway_worker.adapters.aws.clients import translated
from laneway_worker.errors import Refused, TargetRefused, Unavailable

CALL = "PutObject"


def refusal(code: str, operation: str = CALL) -> Unavailable:
    with pytest.raises(Unavailable) as raised, translated(CALL):
        raise ClientError({"Error": {"Code": code}}, operation)
    return raised.value


@pytest.mark.parametrize("code", ["AccessDenied", "403", "NoSuchBucket", "KMS.AccessDeniedException", "NotFound"])
def test_what_aws_says_of_a_target_is_about_the_target(code: str) -> None:
    assert isinstance(refusal(code), TargetRefused)


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "RequestTimeTooSkewed", "PermanentRedirect"])
def test_what_aws_says_of_us_is_about_every_target(code: str) -> None:
    assert type(refusal(code)) is Refused


def test_a_refusal_of_the_credentials_own_call_is_about_us() -> None:
    assert type(refusal("AccessDenied", "AssumeRoleWithWebIdentity")) is Refused
    with pytest.raises(Refused) as raised, translated(CALL):
        raise NoCredentialsError
    assert type(raised.value) is Refused


def test_what_passes_is_no_refusal() -> None:
    assert type(refusal("SlowDown")) is Unavailable
