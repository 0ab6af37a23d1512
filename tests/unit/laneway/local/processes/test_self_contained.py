from __future__ import annotations

import os

import pytest

from laneway.local.processes.children import self_contained

USERS = {
    "PATH": "/bin",
    "HOME": "/home/anna",
    "AWS_PROFILE": "gone",
    "AWS_DEFAULT_PROFILE": "gone",
    "AWS_SESSION_TOKEN": "token",
    "AWS_ENDPOINT_URL": "localhost:1",
    "AWS_ENDPOINT_URL_SQS": "localhost:2",
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/r",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_CA_BUNDLE": "/nowhere.pem",
    "MOTO_ACCOUNT_ID": "999999999999",
    "MOTO_S3_CUSTOM_ENDPOINTS": "http://a",
    "TEST_SERVER_MODE": "true",
    "INITIAL_NO_AUTH_ACTION_COUNT": "0",
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
}
OURS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def test_what_a_person_has_set_for_aws_and_for_moto_stays_outside() -> None:
    assert self_contained(USERS) == {"PATH": "/bin", "HOME": "/home/anna"} | OURS


@pytest.mark.parametrize("name", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_no_file_of_a_person_is_read(name: str) -> None:
    assert self_contained({name: "/home/anna/.aws/other"})[name] == os.devnull
