"""Web pages, other users of the machine and other programs against the AWS that `laneway up` embeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

from laneway.local.aws.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.test import TestResponse

KEY, SECRET = "THE-KEY-OF-THE-FOLDER", "whatever"
HERE = "http://127.0.0.1:4000"
OBJECT = "/attacked/results/one.json"
WORD = "an answer of the user's"
EVIL = {"Origin": "https://evil.example"}

Sign = type[SigV4Auth]


@pytest.fixture(scope="module")
def browser() -> Client:
    """Sends what it is told to the embedded AWS, as a server would hand it on."""
    return Client(Guard(DomainDispatcherApplication(create_backend_app), KEY))


@pytest.fixture(autouse=True)
def _kept(browser: Client) -> Iterator[None]:
    """One object, which is there before and after every attack."""
    for method, path, body in (("PUT", "/attacked", b""), ("PUT", OBJECT, WORD.encode())):
        assert send(browser, method, path, signed(method, path, body=body), body=body).status_code == 200
    yield
    found = send(browser, "GET", OBJECT, signed("GET", OBJECT))
    assert found.get_data(as_text=True) == WORD


def signed(method: str, path: str, key: str = KEY, service: str = "s3", body: bytes = b"") -> dict[str, str]:
    """The headers of boto3's clients."""
    request = AWSRequest(method, HERE + path, data=body)
    SigV4Auth(Credentials(key, SECRET), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def presigned(path: str, key: str) -> str:
    """A path with its signature, version 4."""
    request = AWSRequest("GET", HERE + path)
    SigV4QueryAuth(Credentials(key, SECRET), "s3", "us-east-1").add_auth(request)
    assert request.url is not None
    return request.url.removeprefix(HERE)


def presigned_v2(path: str, key: str) -> str:
    """The same by version 2, which boto3 still takes for URLs."""
    client = boto3.Session(key, SECRET, region_name="us-east-1").client("s3", endpoint_url=HERE)
    bucket, _, name = path.removeprefix("/").partition("/")
    return str(client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": name})).removeprefix(HERE)


def send(browser: Client, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> TestResponse:
    """One request; `Host` is of this machine unless the headers name another."""
    return browser.open(path, method=method, headers={"Host": "127.0.0.1:4000", **headers}, data=body)


ATTACKS: dict[str, tuple[str, str, dict[str, str]]] = {
    "reads without a signature": ("GET", OBJECT, {}),
    "lists without a signature": ("GET", "/attacked", {}),
    "lists the buckets": ("GET", "/", {}),
    "deletes without a signature": ("DELETE", OBJECT, {}),
    "reads with a made-up presigned URL": ("GET", presigned(OBJECT, "AKIAEVIL"), {}),
    "reads with a made-up presigned URL of version 2": ("GET", presigned_v2(OBJECT, "AKIAEVIL"), {}),
    "names two keys in a URL": ("GET", f"{OBJECT}?AWSAccessKeyId={KEY}&X-Amz-Credential=AKIAEVIL/1/2/s3/a", {}),
    "names no key in a URL": ("GET", f"{OBJECT}?X-Amz-Credential=", {}),
    "signs with another key": ("GET", OBJECT, signed("GET", OBJECT, "AKIAEVIL")),
    "signs with the key that emulators take": ("GET", OBJECT, signed("GET", OBJECT, "laneway")),
    "signs with the beginning of the key": ("GET", OBJECT, signed("GET", OBJECT, KEY[:-1])),
    "signs with a key that is not ASCII": ("GET", OBJECT, {"Authorization": "AWS cl\u00e9:signature"}),
    "says a word for a signature": ("GET", OBJECT, {"Authorization": f"Bearer {KEY}"}),
    "adds the key to the URL of a request of another": (
        "GET", presigned(OBJECT, KEY), signed("GET", OBJECT, "AKIAEVIL"),
    ),
    "erases everything from a web page": ("POST", "/moto-api/reset", EVIL),
    "erases everything": ("POST", "/moto-api/reset", {}),
    "erases everything, with the key": ("POST", "/moto-api/reset", signed("POST", "/moto-api/reset")),
    "erases S3 by a longer path": ("POST", "/moto-api/reset/", signed("POST", "/moto-api/reset/")),
    "reads all messages": ("GET", "/moto-api/data.json", {}),
    "reads all messages, with the key": ("GET", "/moto-api/data.json", signed("GET", "/moto-api/data.json")),
    "asks as a web page that has the key": ("GET", OBJECT, signed("GET", OBJECT) | EVIL),
    "asks as a page in a sandbox": ("GET", OBJECT, signed("GET", OBJECT) | {"Origin": "null"}),
    "asks as a page of this machine": ("GET", OBJECT, signed("GET", OBJECT) | {"Origin": HERE}),
    "asks first whether it may ask": (
        "OPTIONS", OBJECT, EVIL | {"Access-Control-Request-Method": "GET"},
    ),
    "leads its own name here": ("GET", OBJECT, signed("GET", OBJECT) | {"Host": "evil.example:4000"}),
    "begins its name with ours": ("GET", OBJECT, signed("GET", OBJECT) | {"Host": "127.0.0.1.evil.example:4000"}),
    "ends its name with ours": ("GET", OBJECT, signed("GET", OBJECT) | {"Host": "evil.example#127.0.0.1"}),
    "hides its name before ours": ("GET", OBJECT, signed("GET", OBJECT) | {"Host": "evil.example@127.0.0.1"}),
    "names the pool's AWS by its name there": ("GET", OBJECT, signed("GET", OBJECT) | {"Host": "s3.amazonaws.com"}),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "headers"), ATTACKS.values(), ids=ATTACKS)
def test_a_stranger_is_refused_and_nothing_is_read_or_lost(
    browser: Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = send(browser, method, path, headers)
    assert answer.status_code == 403
    assert WORD not in answer.get_data(as_text=True)
    assert answer.get_data(as_text=True).count("\n") == 1
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_request_without_a_host_is_refused(browser: Client) -> None:
    assert send(browser, "GET", OBJECT, signed("GET", OBJECT) | {"Host": ""}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:4000", "127.0.0.1", "localhost:4000", "LocalHost", "[::1]:4000"])
def test_a_program_of_this_machine_with_the_key_is_answered(browser: Client, host: str) -> None:
    answer = send(browser, "GET", OBJECT, signed("GET", OBJECT) | {"Host": host})
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, WORD)


@pytest.mark.parametrize("presign", [presigned, presigned_v2])
def test_a_url_that_the_user_has_signed_is_answered(browser: Client, presign: Callable[[str, str], str]) -> None:
    answer = send(browser, "GET", presign(OBJECT, KEY), {})
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, WORD)


def test_a_refused_head_has_no_body_and_the_connection_ends(browser: Client) -> None:
    answer = send(browser, "HEAD", OBJECT, {})
    assert (answer.status_code, answer.data, answer.headers["Connection"]) == (403, b"", "close")
