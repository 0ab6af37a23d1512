"""The fault proxy does to calls what its audit says it did."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support.chaos.between.faults import Faults, Kind
from support.chaos.between.proxy import proxies
from support.chaos.judge.ledger import Ledger
from support.waiting import eventually, in_thread
from support.wire.loop import running_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = b"x" * 100_000
MESSAGE = {
    "MessageId": "m",
    "ReceiptHandle": "r",
    "Body": '{"id": "a"}',
    "Attributes": {"ApproximateReceiveCount": "1"},
}
SLOW = "/bucket/slow/a.json"
RECEIVE = {"X-Amz-Target": "AmazonSQS.ReceiveMessage"}


class Upstream(ThreadingHTTPServer):
    """Keeps what it was asked: connection, method, path and body."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[Any, str, str, bytes]] = []
        self.go_on = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_PUT(self) -> None:
        self.do_POST()

    def do_GET(self) -> None:
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        assert "Expect" not in self.headers
        self.server.asked.append((self.client_address, self.command, self.path, body))
        if self.path == SLOW:
            self.server.go_on.wait()
        self.send_response(200)
        if self.path == "/chunked/x":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n")
        else:
            answer = json.dumps({"Messages": [MESSAGE]}).encode()
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


class Bench:
    """A proxy in front of an upstream."""

    def __init__(self, upstream: Upstream, url: str, faults: Faults, ledger: Ledger) -> None:
        self.upstream = upstream
        self.url = url
        self.faults = faults
        self.ledger = ledger

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        parts = urlsplit(self.url)
        made = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
        try:
            yield made
        finally:
            made.close()


@contextmanager
def bench(*kinds: Kind) -> Iterator[Bench]:
    """A proxy that lets every call go wrong in one of these ways; none: in no way."""
    faults, ledger = Faults(1.0 if kinds else 0.0, 1, kinds), Ledger()
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream())
        serving = in_thread(lambda: upstream.serve_forever(poll_interval=0.02))
        stack.callback(lambda: serving.result(10))
        stack.callback(upstream.shutdown)
        stack.callback(upstream.go_on.set)
        loop = stack.enter_context(running_loop())
        address = urlsplit(f"http://127.0.0.1:{upstream.server_port}")
        (url,) = stack.enter_context(proxies(loop, 1, address, faults, ledger))
        yield Bench(upstream, url, faults, ledger)


def test_connections_are_kept_and_bodies_of_every_form_come_through() -> None:
    with bench() as proxied, proxied.connection() as client:
        client.request("PUT", "/bucket/results/a.json", BODY)
        assert client.getresponse().read()
        client.request("GET", "/chunked/x")
        assert client.getresponse().read() == b"hello world"
        first, second = proxied.upstream.asked
        assert first[0] == second[0]
        assert first[1:] == ("PUT", "/bucket/results/a.json", BODY)
        assert proxied.faults.by_call()["PUT results"]["passed on"] == 1


def test_who_asks_to_go_on_is_told_so_before_the_body() -> None:
    with bench() as proxied, socket.create_connection(("127.0.0.1", urlsplit(proxied.url).port or 0), 10) as client:
        head = b"PUT /bucket/results/a.json HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(head)
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"body")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert proxied.upstream.asked[0][3] == b"body"


def test_a_key_has_one_writer_at_a_time() -> None:
    with bench() as proxied, proxied.connection() as one, proxied.connection() as two, proxied.connection() as three:
        one.request("PUT", SLOW, b"{}")
        two.request("PUT", SLOW, b"{}")
        eventually(lambda: proxied.faults.by_kind()["passed on"] == 2)
        three.request("PUT", "/bucket/slow/b.json", b"{}")
        three.getresponse().read()
        assert sorted(path for _, _, path, _ in proxied.upstream.asked) == [SLOW, "/bucket/slow/b.json"]
        proxied.upstream.go_on.set()
        assert [client.getresponse().status for client in (one, two)] == [200, 200]


@pytest.mark.parametrize(("kind", "reached"), [(Kind.BEFORE, 0), (Kind.AFTER, 1)])
def test_a_dropped_call_has_its_effect_or_has_not(kind: Kind, reached: int) -> None:
    with bench(kind) as proxied, proxied.connection() as client:
        client.request("PUT", "/bucket/results/a.json", b"{}")
        with pytest.raises(ConnectionError):
            client.getresponse()
        assert len(proxied.upstream.asked) == reached
        assert len(proxied.ledger.stored_at) == reached
        assert proxied.faults.by_kind()[kind.value] == 1


def test_a_delayed_call_comes_through() -> None:
    with bench(Kind.DELAYED) as proxied, proxied.connection() as client:
        client.request("GET", "/bucket/results/a.json")
        assert client.getresponse().status == 200
        assert proxied.faults.by_kind()["delayed"] == 1


CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("sqs", "receive_message", {"QueueUrl": "http://x/1/q"}, "ServiceUnavailable", "RequestThrottled"),
    ("s3", "put_object", {"Bucket": "bucket", "Key": "results/a", "Body": b"{}"}, "ServiceUnavailable", "SlowDown"),
    ("s3", "head_object", {"Bucket": "bucket", "Key": "results/a"}, "503", "503"),
    ("sns", "publish", {"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "{}"}, "ServiceUnavailable", "Throttling"),
]


@pytest.mark.parametrize(("service", "call", "arguments", "unavailable", "throttled"), CALLS)
def test_a_refusal_is_one_of_its_service(
    service: Any, call: str, arguments: dict[str, Any], unavailable: str, throttled: str
) -> None:
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"})
    session = boto3.Session("key", "secret", region_name="eu-west-1")
    for kind, code in ((Kind.UNAVAILABLE, unavailable), (Kind.THROTTLED, throttled)):
        with bench(kind) as proxied:
            client: Any = session.client(service, endpoint_url=proxied.url, config=config)
            with pytest.raises(ClientError) as caught:
                getattr(client, call)(**arguments)
            client.close()
            assert caught.value.response["Error"]["Code"] == code
            assert proxied.upstream.asked == []


def test_the_ledger_knows_who_holds_what_and_what_reached_nobody() -> None:
    with bench() as proxied, proxied.connection() as client:
        client.request("POST", "/", b"{}", RECEIVE)
        client.getresponse().read()
        assert proxied.ledger.holds(0) == 1
        assert proxied.ledger.killed(0) == 1
        client.request("POST", "/", b"{}", RECEIVE)  # on a connection of the killed worker
        with pytest.raises(ConnectionError):
            client.getresponse()
        assert proxied.ledger.holds(0) == 0
        assert proxied.ledger.orphaned == 1
        assert [each.delivered_after for each in proxied.ledger.recoveries()] == [None]


def test_a_worker_that_hangs_up_during_its_long_poll_orphans_the_answer() -> None:
    with bench(Kind.DELAYED) as proxied:
        with proxied.connection() as client:
            client.request("POST", "/", b"{}", RECEIVE)
            eventually(lambda: proxied.faults.by_kind()["delayed"])
        eventually(lambda: proxied.ledger.orphaned)
        assert proxied.ledger.deliveries == []


def test_a_seed_says_what_happens() -> None:
    faults, again, other = Faults(0.5, 7), Faults(0.5, 7), Faults(0.5, 8)
    chosen = [faults.next("call") for _ in range(200)]
    assert chosen == [again.next("call") for _ in range(200)]
    assert chosen != [other.next("call") for _ in range(200)]
    assert {each.kind for each in chosen} == set(Kind)
