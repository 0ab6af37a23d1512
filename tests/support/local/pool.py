"""`laneway up` and the other commands as a user runs them: real processes on a folder of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
import uuid
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import psutil

from laneway import Pool
from laneway.client.connection import CONNECTION_FILE, Connection
from support import canary
from support.tools import missing
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

LANEWAY = [sys.executable, "-c", "from laneway.cli.main import run; run()"]
MARK = "LANEWAY_TEST_MARK"
"""Inherited by everything that an `up` starts, and so tells its processes wherever they hang in the tree."""
FIRST_READY_SECONDS = 1800.0  # the first run of all builds Ollama and fetches the models
READY_SECONDS = 90.0
STOP_SECONDS = 60.0
COMMAND_SECONDS = 240.0
PAGE_SECONDS = 10.0
LAST_LINES = 25
FOREIGN = ("AWS_", "OLLAMA_", "LANEWAY_POOL", "LANEWAY_TEST_")

Done = subprocess.CompletedProcess[str]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what would lead to other pools, accounts or servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true"} | changes


def marked(mark: str) -> list[psutil.Process]:
    """Everything that was started with this mark, or by what was, and still runs."""
    return [each for each in psutil.process_iter() if _has(each, mark)]


def _has(process: psutil.Process, mark: str) -> bool:
    with suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark
    return False


def laneway(*arguments: str | Path, variables: Mapping[str, str], stdin: str = "", folder: Path | None = None) -> Done:
    """Run a command to its end."""
    return subprocess.run(
        [*LANEWAY, *map(str, arguments)],
        env=dict(variables),
        input=stdin,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )


def require_ollama() -> None:
    """Skip where `laneway up` could neither find an Ollama nor build one."""
    builds = shutil.which("go") and any(shutil.which(name) for name in ("c++", "g++", "clang++"))
    if not (shutil.which("ollama") or builds):
        missing("Ollama", "install it (https://ollama.com/download), or Go 1.24+ and a C++ compiler")


class LocalPool:
    """One state folder and the `laneway up` that runs on it, if one does."""

    def __init__(self, folder: Path, text: str) -> None:
        self.state = folder / "state"
        self.file = folder / "pool.yaml"
        self.file.write_text(text)
        self._words = folder / "words.txt"
        self._mark = uuid.uuid4().hex
        self._process: subprocess.Popen[bytes] | None = None
        self._pool: Pool | None = None
        canary.watch(self._words)
        canary.watch(self.state / "logs")

    def start(self, *options: str | Path, **variables: str) -> None:
        """Start `laneway up`, and don't wait."""
        self._pool = None
        with self._words.open("wb") as words:
            self._process = subprocess.Popen(
                [*LANEWAY, "up", str(self.file), "--state", str(self.state), "--quiet", *map(str, options)],
                env=environment(**{MARK: self._mark}, **variables),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )

    def wait_until_serving(self, seconds: float = READY_SECONDS) -> None:
        """Until clients may connect; fails at once where `up` has ended."""
        eventually(lambda: self.process.poll() is not None or self.serving, seconds)
        assert self.process.poll() is None, self.words

    @property
    def serving(self) -> bool:
        """Whether clients may connect; a killed `up` leaves a file that leads nowhere."""
        return (self.state / CONNECTION_FILE).exists() and "ready: " in self.words

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The newest `up`."""
        assert self._process is not None
        return self._process

    @property
    def words(self) -> str:
        """What the newest `up` has said."""
        return self._words.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Signal `up` alone, as a terminal's Ctrl-C would: its children have sessions of their own."""
        self.process.send_signal(number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """The exit code of `up`."""
        return self.process.wait(seconds)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signal `up` and wait for its end."""
        self.send(number)
        return self.wait()

    def end(self) -> None:
        """Stop what still runs; whatever outlives its `up` is ended by force and fails the test."""
        if self._process is None:
            return
        with suppress(OSError):  # what is killed or not yet there tells nothing
            self.metrics()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        left = [_described(each) for each in self.processes()]
        for each in self.processes():
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._process.wait(STOP_SECONDS)
        assert not left, f"outlived `laneway up`: {left}; it said: {self.words}"

    def processes(self) -> list[psutil.Process]:
        """Everything of this pool's that runs."""
        return marked(self._mark)

    def children(self) -> dict[str, int]:
        """Name → pid, as `up` records them."""
        try:
            rows = json.loads((self.state / "children.json").read_text())["children"]
        except (FileNotFoundError, json.JSONDecodeError):  # not yet, or half written
            return {}
        return {str(row["name"]): int(row["pid"]) for row in rows}

    def pid_of(self, name: str) -> int:
        """The pid of a child such as `worker-fast`."""
        return self.children()[name]

    def runners_of(self, lane: str) -> list[psutil.Process]:
        """The processes of a lane's Ollama that hold a model."""
        return psutil.Process(self.pid_of(f"ollama-{lane}")).children(recursive=True)

    @property
    def pool(self) -> Pool:
        """A client, connected once."""
        self._pool = self._pool or Pool(str(self.state))
        return self._pool

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a user's commands."""
        return environment(LANEWAY_POOL=str(self.state))

    def cli(self, *arguments: str | Path, stdin: str = "") -> Done:
        """Run a command to its end."""
        return laneway(*arguments, variables=self.variables, stdin=stdin)

    @contextmanager
    def cli_running(self, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
        """A command that is still running."""
        with subprocess.Popen(
            [*LANEWAY, *map(str, arguments)],
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def letting_go_of(self, *ids: str) -> Iterator[None]:
        """Cancel jobs in the end, however it comes: an endless one would keep every later test's waiting."""
        try:
            yield
        finally:
            for each in ids:
                self.pool.cancel(each)

    @property
    def connection(self) -> Connection:
        """What clients read."""
        return Connection.model_validate_json((self.state / CONNECTION_FILE).read_bytes())

    @property
    def topic(self) -> str:
        """The ARN of the pool's topic, as its workers know it."""
        lane = next((self.state / "live").glob("*.json"))
        return str(json.loads(lane.read_text())["topic_arn"])

    @property
    def aws(self) -> AWS:
        """The pool's AWS, as boto3 users see it."""
        return AWS(self.connection)

    @property
    def gateway(self) -> str:
        """The URL of its doors."""
        return str(json.loads((self.state / "gateway" / "addresses.json").read_bytes())["url"])

    def logs(self) -> str:
        """Everything that the pool's processes have logged, and what `up` said."""
        return self.words + "".join(path.read_text(errors="replace") for path in sorted(self.state.glob("logs/*")))

    def last_lines(self) -> str:
        """The end of each process's log."""
        logs = sorted(self.state.glob("logs/*"))
        ends = ("".join(path.read_text(errors="replace").splitlines(keepends=True)[-LAST_LINES:]) for path in logs)
        return "\n".join(f"{path.name}:\n{end}" for path, end in zip(logs, ends, strict=True))

    def metrics(self) -> str:
        """The metrics of every lane's worker, of the handler of dead letters, and of the gateway."""
        places = ("lanes/*.json", "dead-letters.json", "gateway/addresses.json")
        files = [path for place in places for path in self.state.glob(place)]
        addresses = [json.loads(path.read_bytes())["health_address"] for path in files]
        return canary.saw("".join(_page(f"http://{address}/metrics") for address in addresses), "/metrics")


class AWS:
    """boto3's clients with what `laneway up` tells its users."""

    def __init__(self, connection: Connection) -> None:
        self._session = boto3.Session(
            aws_access_key_id=connection.access_key_id,
            aws_secret_access_key=connection.secret_access_key,
            region_name=connection.region,
        )
        self._endpoint = connection.endpoint

    @cached_property
    def s3(self) -> S3Client:
        return self._session.client("s3", endpoint_url=self._endpoint)

    @cached_property
    def sqs(self) -> SQSClient:
        return self._session.client("sqs", endpoint_url=self._endpoint)

    @cached_property
    def sns(self) -> SNSClient:
        return self._session.client("sns", endpoint_url=self._endpoint)

    def subscribed(self, topic_arn: str) -> str:
        """The URL of a new queue that gets every notification."""
        url = self.sqs.create_queue(QueueName=f"told-{uuid.uuid4().hex}")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
        return url

    def notifications(self, url: str) -> list[str]:
        """What such a queue has got since it was asked last."""
        found: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found += [canary.saw(message["Body"], "a notification") for message in messages]
        return found

    def object(self, bucket: str, key: str) -> dict[str, Any]:
        """An object, read as JSON."""
        return dict(json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PAGE_SECONDS) as answer:  # noqa: S310 - a worker's page on loopback
        return str(answer.read(), "utf-8")


def _described(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())[:200]
    return str(process.pid)


@contextmanager
def local_pool(folder: Path, text: str) -> Iterator[LocalPool]:
    """A pool that is not started yet; at the end nothing of it is left."""
    pool = LocalPool(folder, text)
    try:
        yield pool
    finally:
        pool.end()
