"""What a call to AWS raises, on one line that says what to change: botocore's own errors, and what it lets through.

A person's settings raise more than botocore's: an endpoint that is none is a `ValueError`, a program or a file that is
gone an `OSError`, a question without a terminal an `EOFError`, an endpoint that redirects a `RecursionError`: botocore
asks it for the bucket's region, which it redirects, too.
"""

from __future__ import annotations

import re
import shlex
from functools import singledispatch
from json import JSONDecodeError
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from botocore import exceptions as botocore
from botocore.session import Session
from urllib3.exceptions import LocationValueError

from laneway.schema.shared.base import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

RAISED = (botocore.BotoCoreError, botocore.ClientError, OSError, ValueError, EOFError, RecursionError)
"""Everything that a call to AWS raises where AWS, or what a person has set, is to blame."""
BAD_ENDPOINT = re.compile(r"Invalid endpoint: (.*)|Custom endpoint `(.*)` was not a valid URI", re.DOTALL)
"""Botocore's own words, and those of the rules that it resolves endpoints by."""
OF_A_ROLE = ("WebIdentityToken", "RoleArn", "RoleSessionName", "SerialNumber", "TokenCode")
"""What boto3 passes on of a profile's role."""
PROXIES = "HTTPS_PROXY and HTTP_PROXY"
ROLES = {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetRoleCredentials"}
WHO = ("InvalidAccessKey", "InvalidClient", "InvalidToken", "InvalidIdentity", "Signature", "Expired", "Unrecognized")
"""How the codes begin that are about the credentials."""
NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NonExistentQueue")
AGAIN = "try again; AWS's error code says more"
ADVICE = {
    "NoSuchBucket": "check the bucket's name in the URL",
    "BucketAlreadyExists": "the bucket's name is another account's; choose another",
    **dict.fromkeys(
        NO_QUEUE,
        "the pool's queue is gone: start `laneway up` again, or ask who runs the pool",
    ),
    **dict.fromkeys(
        ("AccessDenied", "403", "AccessDeniedException"),
        "ask for access to the pool's bucket prefix and queues, s3:ListBucket included",
    ),
    "KmsAccessDenied": "ask for the rights on the queue's key, as laneway iam --kms-key prints them",
    **dict.fromkeys(("KmsThrottled", "KMS.ThrottlingException"), AGAIN),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), "set the clock of this machine right"),
}
"""By AWS's code."""
MOST_CHARACTERS = 300


class Settings(NamedTuple):
    """What a person has set: where a value comes from is told by it."""

    profile: str
    of_the_profile: Mapping[str, object]
    environment: Mapping[str, str]

    @property
    def login(self) -> str:
        """For a shell."""
        return f"aws sso login --profile {shlex.quote(self.profile)}"

    def place_of(self, value: str) -> str:
        """The variable or the setting that holds a value, or begins with it as a command does."""
        for name, text in self.environment.items():
            if name.startswith("AWS_") and _is(text, value):
                return name
        for name, found in self.of_the_profile.items():
            if isinstance(found, str) and _is(found, value):
                return f"{name} of the profile {self.profile}"
        return "a setting of AWS"


def _is(text: str, value: str) -> bool:
    return text == value or text.startswith(f"{value} ")


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Of this process, whose environment it is; where even the files can't be read, what the environment says."""
    named = environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE") or "default"
    try:
        found = Session().get_scoped_config()
    except RAISED:
        found = {}
    return Settings(named, found, environment)


def words_of(error: Exception, settings: Settings) -> str:
    """What is wrong, and what to do, for anything of `RAISED`."""
    return _plain(_words(error, settings))


def _plain(text: object) -> str:
    """On one line, without what a terminal would obey."""
    return " ".join("".join(each if each.isprintable() else " " for each in str(text)).split())


def _short(text: object) -> str:
    """Of what AWS or a program says: the advice comes after it."""
    return _plain(text)[:MOST_CHARACTERS].rstrip(".")


def code_of(error: botocore.ClientError) -> str:
    """AWS's code of an error, such as `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@singledispatch
def _words(error: Exception, _: Settings) -> str:
    """What has no advice of its own."""
    return f"{_short(error) or type(error).__name__}; check the AWS settings in use"


@_words.register
def _(_: botocore.NoCredentialsError, __: Settings) -> str:
    return "no AWS credentials; set AWS_PROFILE, or log in with the AWS CLI"


@_words.register
def _(error: botocore.PartialCredentialsError, _: Settings) -> str:
    missing, where = error.kwargs.get("cred_var"), error.kwargs.get("provider")
    return f"half of the AWS credentials is missing: {missing} (by {where}); set both halves, or neither"


@_words.register
def _(error: botocore.ProfileNotFound, _: Settings) -> str:
    name = shown(str(error.kwargs.get("profile")))
    return f"there is no AWS profile {name}; set AWS_PROFILE to one of `aws configure list-profiles`, or unset it"


@_words.register
def _(error: botocore.ConfigParseError, _: Settings) -> str:
    return f"AWS's settings in {error.kwargs.get('path')} can't be read; correct that file"


@_words.register
def _(_: botocore.NoRegionError, __: Settings) -> str:
    return "nobody names a region; set AWS_DEFAULT_REGION, or region in the AWS profile"


@_words.register
def _(error: botocore.InvalidRegionError, settings: Settings) -> str:
    region = str(error.kwargs.get("region_name"))
    return f"{settings.place_of(region)} is {shown(region)!r}; a region is such as eu-west-1"


@_words.register(botocore.SSOError)
@_words.register(botocore.TokenRetrievalError)
def _(_: Exception, settings: Settings) -> str:
    return f"the login of the profile {settings.profile} has ended, or never began; log in: {settings.login}"


@_words.register
def _(_: botocore.LoginError, settings: Settings) -> str:
    return f"the login of the profile {settings.profile} has ended; log in: {settings.login.replace('sso ', '')}"


@_words.register
def _(error: botocore.CredentialRetrievalError, settings: Settings) -> str:
    why = _short(error.kwargs.get("error_msg", ""))
    if error.kwargs.get("provider") == "custom-process":
        failed = f"failed: {why}" if why else "failed"
        return f"the credential_process of the profile {settings.profile} {failed}; run it by hand, and mend it"
    return f"{_short(error)}; check the credentials of the profile {settings.profile}"


@_words.register(botocore.RefreshWithMFAUnsupportedError)
@_words.register(EOFError)
def _(_: Exception, settings: Settings) -> str:
    return f"the profile {settings.profile} wants an MFA code, and nobody can be asked here; take a session's keys"


@_words.register
def _(error: botocore.EndpointConnectionError, _: Settings) -> str:
    return f"nothing answers at {error.kwargs.get('endpoint_url')}; check the endpoint, or start `laneway up` again"


@_words.register
def _(_: RecursionError, __: Settings) -> str:
    return "the endpoint redirects every call; name the one that answers by itself"


@_words.register
def _(error: botocore.ProxyConnectionError, _: Settings) -> str:
    url = str(error.kwargs.get("proxy_url"))
    found = urlsplit(url.removeprefix("http://") if url.count("://") > 1 else url)  # put before what it does not know
    where = f"{found.scheme}://{found.netloc.rpartition('@')[2]}"  # what is before it may be a password
    if found.scheme not in ("http", "https"):
        return f"the proxy {where} is none that boto3 knows: http:// or https://; correct {PROXIES}"
    return f"nothing answers at the proxy {where}; correct {PROXIES}, or name in NO_PROXY what needs none"


@_words.register
def _(error: botocore.HTTPClientError, _: Settings) -> str:
    if isinstance(error.kwargs.get("error"), LocationValueError):  # its words quote the proxy, its password too
        return f"the proxy's address is none: a proxy is a host after http:// or https://; correct {PROXIES}"
    if type(error) is botocore.HTTPClientError:  # its words quote headers, a session's token among them
        return "the call can't be sent as it is; set the AWS credentials anew, each on one line and without blanks"
    return f"{_short(error)}; try again"


@_words.register
def _(error: botocore.ParamValidationError, settings: Settings) -> str:
    report = _short(error.kwargs.get("report", error))
    its_role = any(name in report for name in OF_A_ROLE)
    what = f"the role and its token in the profile {settings.profile}" if its_role else "the pool's URL"
    return f"AWS takes no such value: {report}; check {what}"


@_words.register
def _(error: botocore.ClientError, settings: Settings) -> str:
    code = code_of(error)
    return f"refused by AWS: {code}; {_advice(code, error.operation_name, settings)}"


def _advice(code: str, operation: str, settings: Settings) -> str:
    if operation in ROLES:
        return f"{operation} gives no role: check role_arn and its trust in the profile {settings.profile}"
    if code in ADVICE:
        return ADVICE[code]
    if code.lower().startswith("kms"):
        return "ask who runs the pool to look at the key that queues and bucket are encrypted with"
    if code.startswith(WHO):
        return "check the AWS credentials in use"
    return AGAIN


@_words.register
def _(error: OSError, settings: Settings) -> str:
    if error.filename is None:
        return f"{_short(error)}; check the AWS settings in use"
    name = str(error.filename)
    return f"{settings.place_of(name)} names {name}, which can't be used: {error.strerror}; correct it"


@_words.register
def _(_: JSONDecodeError, settings: Settings) -> str:
    return f"the credential_process of the profile {settings.profile} gives no JSON; run it by hand, and mend it"


@_words.register
def _(error: botocore.EndpointResolutionError, settings: Settings) -> str:
    return _of_settings(str(error), settings)


@_words.register
def _(error: ValueError, settings: Settings) -> str:
    return _of_settings(str(error), settings)


def _of_settings(text: str, settings: Settings) -> str:
    found = BAD_ENDPOINT.fullmatch(text)
    if found is None:
        what = "their quotes first" if "quot" in text else "the endpoint first"
        return f"{_short(text)}; check the AWS settings in use, {what}"
    endpoint = found[1] or found[2]
    return f"{settings.place_of(endpoint)} is {endpoint!r}; an endpoint is a host after http:// or https://"
