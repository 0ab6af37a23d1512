from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore import exceptions as botocore
from urllib3.exceptions import LocationParseError, LocationValueError

from laneway.client.aws.words import RAISED, Settings, settings_of, words_of

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = Settings(
    "claims",
    {"credential_process": "/opt/vault get claims", "endpoint_url": "s3.acme.example", "region": "eu-west-1"},
    {"AWS_ENDPOINT_URL": "localhost:4566", "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token", "AWS_DEFAULT_REGION": "eu"}
    | {"AWS_ENDPOINT_URL_SQS": "ftp://h"},
)
LOGIN = "log in: aws sso login --profile claims"
NOT_THERE = FileNotFoundError(2, "No such file or directory", "/opt/vault")
NO_TOKEN = FileNotFoundError(2, "No such file or directory", "/var/run/token")


def refused(code: str, operation: str = "GetObject") -> botocore.ClientError:
    return botocore.ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (botocore.NoCredentialsError(), "set AWS_PROFILE"),
        (
            botocore.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "AWS_SECRET_ACCESS_KEY (by env); set both halves",
        ),
        (botocore.ProfileNotFound(profile="clains"), "there is no AWS profile clains; set AWS_PROFILE to one of"),
        (botocore.ConfigParseError(path="/home/anna/.aws/config"), "/home/anna/.aws/config can't be read"),
        (botocore.NoRegionError(), "set AWS_DEFAULT_REGION"),
        (botocore.InvalidRegionError(region_name="eu"), "AWS_DEFAULT_REGION is 'eu'; a region is such as eu-west-1"),
        (botocore.UnauthorizedSSOTokenError(), LOGIN),
        (botocore.SSOTokenLoadError(error_msg="no token"), LOGIN),
        (botocore.TokenRetrievalError(provider="sso", error_msg="expired"), LOGIN),
        (botocore.LoginRefreshRequired(), "log in: aws login --profile claims"),
        (
            botocore.CredentialRetrievalError(provider="custom-process", error_msg="no vault\nat all"),
            "the credential_process of the profile claims failed: no vault at all; run it by hand",
        ),
        (
            botocore.CredentialRetrievalError(provider="custom-process", error_msg=""),
            "the credential_process of the profile claims failed; run it by hand",
        ),
        (
            botocore.CredentialRetrievalError(provider="assume-role", error_msg="no"),
            "check the credentials of the profile claims",
        ),
        (NOT_THERE, "credential_process of the profile claims names /opt/vault, which can't be used: No such file"),
        (NO_TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE names /var/run/token, which can't be used"),
        (OSError("invalid path: /etc/none.pem"), "invalid path: /etc/none.pem; check the AWS settings"),
        (json.JSONDecodeError("Expecting value", "", 0), "the credential_process of the profile claims gives no JSON"),
        (EOFError(), "the profile claims wants an MFA code"),
        (botocore.RefreshWithMFAUnsupportedError(), "the profile claims wants an MFA code"),
        (
            ValueError("Invalid endpoint: localhost:4566"),
            "AWS_ENDPOINT_URL is 'localhost:4566'; an endpoint is a host after http:// or https://",
        ),
        (ValueError("Invalid endpoint: s3.acme.example"), "endpoint_url of the profile claims is 's3.acme.example'"),
        (
            botocore.EndpointResolutionError(msg="Custom endpoint `ftp://h` was not a valid URI"),
            "AWS_ENDPOINT_URL_SQS is 'ftp://h'; an endpoint is a host after http:// or https://",
        ),
        (ValueError("Invalid IPv6 URL"), "Invalid IPv6 URL; check the AWS settings in use, the endpoint first"),
        (ValueError("No closing quotation"), "No closing quotation; check the AWS settings in use, their quotes first"),
        (ValueError("Invalid endpoint: elsewhere"), "a setting of AWS is 'elsewhere'"),
        (botocore.EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "nothing answers at http://127.0.0.1:9"),
        (RecursionError("maximum recursion depth exceeded"), "the endpoint redirects every call; name the one that"),
        (
            botocore.ProxyConnectionError(proxy_url="http://anna:secret@proxy:3128"),
            "nothing answers at the proxy http://proxy:3128; correct HTTPS_PROXY",
        ),
        (
            botocore.ProxyConnectionError(proxy_url="http://socks5://anna:secret@proxy:1080"),
            "the proxy socks5://proxy:1080 is none that boto3 knows: http:// or https://; correct HTTPS_PROXY",
        ),
        (
            botocore.HTTPClientError(error=LocationParseError("http://anna:secret@:x")),
            "a proxy is a host after http://",
        ),
        (
            botocore.HTTPClientError(error=LocationValueError("No host specified.")),
            "correct HTTPS_PROXY and HTTP_PROXY",
        ),
        (botocore.ReadTimeoutError(endpoint_url="http://127.0.0.1:9"), "http://127.0.0.1:9"),
        (botocore.ParamValidationError(report="Invalid bucket\nname"), "no such value: Invalid bucket name; check"),
        (
            botocore.ParamValidationError(report="Invalid length for parameter WebIdentityToken, value: 0"),
            "parameter WebIdentityToken, value: 0; check the role and its token in the profile claims",
        ),
        (botocore.ParamValidationError(report="Invalid length for parameter RoleArn"), "check the role and its token"),
        (refused("NoSuchBucket"), "refused by AWS: NoSuchBucket; check the bucket's name"),
        (refused("AWS.SimpleQueueService.NonExistentQueue"), "the pool's queue is gone"),
        (refused("AccessDenied"), "ask for access to the pool's bucket"),
        (refused("AccessDenied", "AssumeRole"), "check role_arn and its trust in the profile claims"),
        (refused("KmsAccessDenied", "SendMessage"), "ask for the rights on the queue's key"),
        (refused("KMS.DisabledException"), "KMS.DisabledException; ask who runs the pool to look at the key"),
        (refused("KmsThrottled", "SendMessage"), "KmsThrottled; try again"),
        (refused("RequestTimeTooSkewed"), "set the clock"),
        (refused("ExpiredToken"), "check the AWS credentials"),
        (refused("SlowDown"), "try again"),
        (botocore.InvalidRetryModeError(provided_retry_mode="x", valid_modes=["standard"]), "check the AWS settings"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_one_line_that_says_what_to_change(error: Exception, words: str) -> None:
    assert isinstance(error, RAISED)
    said = words_of(error, SETTINGS)
    assert words in said
    assert said.isprintable()


def test_no_header_of_a_call_is_told() -> None:
    error = botocore.HTTPClientError(error=ValueError("Invalid header value b'a-sessions-token\\n'"))
    said = words_of(error, SETTINGS)
    assert "a-sessions-token" not in said
    assert "set the AWS credentials anew" in said


def test_no_password_of_a_proxy_is_told() -> None:
    told = [LocationParseError("http://anna:secret@:x"), LocationValueError("anna:secret@")]
    assert not [each for each in told if "secret" in words_of(botocore.HTTPClientError(error=each), SETTINGS)]
    assert "secret" not in words_of(botocore.ProxyConnectionError(proxy_url="http://socks5://anna:secret@h"), SETTINGS)


def test_the_advice_comes_after_long_words_too() -> None:
    said = words_of(ValueError("no " * 1000), SETTINGS)
    assert said.endswith("; check the AWS settings in use, the endpoint first")
    assert len(said) < 400


def test_the_files_of_a_profile_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text("[profile claims]\ncredential_process = /opt/vault get\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "claims")
    found = settings_of({"AWS_PROFILE": "claims"})
    assert (found.profile, found.place_of("/opt/vault")) == ("claims", "credential_process of the profile claims")


def test_a_profile_that_is_not_there_has_a_name_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    assert settings_of({"AWS_PROFILE": "gone"}) == Settings("gone", {}, {"AWS_PROFILE": "gone"})
