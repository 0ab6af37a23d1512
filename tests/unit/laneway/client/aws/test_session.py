from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError

from laneway.client.aws.session import session_with

if TYPE_CHECKING:
    from pathlib import Path

HERE = "http://127.0.0.1:4566"
KEYS = ("key", "secret")
SETTINGS = {
    "a profile that is not there": {"AWS_PROFILE": "gone"},
    "the older variable": {"AWS_DEFAULT_PROFILE": "gone"},
    "a file that can't be read": {"AWS_CONFIG_FILE": "broken"},
    "a program that gives credentials": {"AWS_CONFIG_FILE": "program"},
    "FIPS": {"AWS_USE_FIPS_ENDPOINT": "true"},
    "dual-stack": {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "retries of no kind": {"AWS_RETRY_MODE": "none"},
    "a bundle that is not there": {"AWS_CA_BUNDLE": "/nowhere.pem"},
    "another endpoint": {"AWS_ENDPOINT_URL": "localhost:1", "AWS_ENDPOINT_URL_S3": "localhost:2"},
    "a role": {"AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
}
FILES = {
    "broken": "[default\nregion",
    "program": "[default]\ncredential_process = /nowhere\nregion = us-west-2\nuse_fips_endpoint = true\n",
}


@pytest.mark.parametrize("variables", SETTINGS.values(), ids=SETTINGS)
def test_keys_of_its_own_know_nothing_of_a_persons_settings(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value) if value in FILES else value)
    session = session_with(*KEYS, "eu-west-1")
    client = session.client("s3", endpoint_url=HERE)
    credentials = session.get_credentials()
    assert credentials is not None
    assert (client.meta.endpoint_url, client.meta.region_name) == (HERE, "eu-west-1")
    assert (credentials.access_key, credentials.secret_key, credentials.token) == (*KEYS, None)


def test_without_keys_it_is_botos_own_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(BotoCoreError, match="gone"):
        session_with(None, None, None).client("s3")
