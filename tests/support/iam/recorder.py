"""moto in this process, and every request to it as IAM would see it, by the access key that signed it."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from laneway.schema.pool.arns import bucket_arn, objects_arn, queue_arn
from support.iam.evaluate import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ACCOUNT = "123456789012"  # moto's
SIGNED = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
TOPIC_ACTIONS = {"PublishBatch": "Publish"}
QUEUE_ACTIONS = {f"{each}Batch": each for each in ("ChangeMessageVisibility", "DeleteMessage", "SendMessage")}
"""Calls for which IAM knows the action of their single form only."""
OBJECT_ACTIONS = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}


class Recorder:
    """A WSGI application before another."""

    def __init__(self, inner: Any) -> None:
        self.calls: defaultdict[str, list[Call]] = defaultdict(list)
        """By access key."""
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        signed = SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed is None:
            return self._passed(environ, start_response)
        who, region, service = signed.groups()
        calls = list(SERVICES[service](environ, body, region))
        self.calls[who].extend(calls)

        def start(status: str, *rest: Any) -> Any:
            if service == "s3" and status.startswith("404"):
                self.calls[who].extend(_absent(call, region) for call in calls if call.action == "s3:GetObject")
            return start_response(status, *rest)

        return self._passed(environ, start)

    def _passed(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._inner(environ, start_response)
        return answer


def _absent(call: Call, region: str) -> Call:
    """S3 says that an object isn't there only to those who may list it."""
    bucket, _, key = call.resource.rpartition(":")[2].partition("/")
    return Call("s3:ListBucket", bucket_arn(bucket, region), {"s3:prefix": key})


def _sqs(environ: dict[str, Any], body: bytes, region: str) -> Iterator[Call]:
    name = environ["HTTP_X_AMZ_TARGET"].partition(".")[2]
    asked = json.loads(body)
    url = asked.get("QueueUrl") or f"https://sqs/{ACCOUNT}/{asked['QueueName']}"
    arn = queue_arn(url, region)
    yield Call(f"sqs:{QUEUE_ACTIONS.get(name, name)}", arn)
    if asked.get("tags"):
        yield Call("sqs:TagQueue", arn)


def _sns(_environ: dict[str, Any], body: bytes, _region: str) -> Iterator[Call]:
    asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    yield Call(f"sns:{TOPIC_ACTIONS.get(asked['Action'], asked['Action'])}", asked.get("TopicArn", "*"))


def _dynamodb(environ: dict[str, Any], body: bytes, region: str) -> Iterator[Call]:
    name = environ["HTTP_X_AMZ_TARGET"].partition(".")[2]
    asked = json.loads(body)
    index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
    for table in asked.get("RequestItems") or (asked["TableName"],):
        yield Call(f"dynamodb:{name}", f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}{index}")


def _s3(environ: dict[str, Any], _body: bytes, region: str) -> Iterator[Call]:
    bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if not key:
        listed = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        context = {"s3:prefix": asked["prefix"][0]} if "prefix" in asked else {}
        yield Call("s3:ListBucket" if listed else "s3:CreateBucket", bucket_arn(bucket, region), context)
        return
    method = environ["REQUEST_METHOD"]
    names = {"HTTP_IF_MATCH": "s3:if-match", "HTTP_IF_NONE_MATCH": "s3:if-none-match"}
    context = {name: environ[header] for header, name in names.items() if header in environ}
    context |= {"s3:ObjectCreationOperation": "true"} if method == "PUT" else {}
    yield Call(f"s3:{OBJECT_ACTIONS[method]}", objects_arn(bucket, key, region), context)


SERVICES = {"sqs": _sqs, "sns": _sns, "s3": _s3, "dynamodb": _dynamodb}


@contextmanager
def recorded_aws() -> Iterator[tuple[str, Recorder]]:
    """The URL of an AWS, and what it was asked."""
    recorder = Recorder(DomainDispatcherApplication(create_backend_app))
    served = make_server("127.0.0.1", 0, recorder, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_port}", recorder
    finally:
        served.shutdown()
        thread.join()
        served.server_close()
