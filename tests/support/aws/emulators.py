"""Where emulators, and our fake, do otherwise than AWS's API reference: the suites ask here, and assert either way.

`python -m support.aws.emulators` writes docs/reference/emulators.md.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import boto3

from support.aws.localstack import VERSION as LOCALSTACK_VERSION
from support.aws.localstack import localstack_server
from support.aws.moto import REGION, aws_clients, moto_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from mypy_boto3_s3 import S3Client

    from laneway_worker.adapters.aws.clients import Clients

Emulator = Literal["moto", "localstack"]
Bench = Literal["memory", "moto", "localstack"]

SERVERS: Mapping[Emulator, Callable[[Path], AbstractContextManager[str]]] = {
    "moto": moto_server,
    "localstack": localstack_server,
}
EMULATORS: tuple[Emulator, ...] = ("moto", "localstack")
BENCHES: tuple[Bench, ...] = ("memory", *EMULATORS)
BUCKET = "ports"
"""There from the start."""
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "emulators.md"


@dataclass(frozen=True)
class Aws:
    """A running emulator."""

    emulator: Emulator
    endpoint: str
    clients: Clients
    """The worker's own."""

    def client(self, service: Literal["s3"], keys: tuple[str, str]) -> S3Client:
        """Somebody else's."""
        name, secret = keys
        session = boto3.Session(name, secret, region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint)


@contextmanager
def running(emulator: Emulator, folder: Path) -> Iterator[Aws]:
    """A fresh, empty one."""
    with SERVERS[emulator](folder) as endpoint, aws_clients(endpoint) as clients:
        clients.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield Aws(emulator, endpoint, clients)


class Rule(Enum):
    """What AWS says: the call, and its rule."""

    LATE_EXTEND = ("ChangeMessageVisibility", "fails for a message that is not in flight: `MessageNotInflight`")
    OLD_EXTEND = ("ChangeMessageVisibility", "only the newest handle of a message extends its lease")
    OLD_RELEASE = ("ChangeMessageVisibility", "only the newest handle of a message makes it visible")
    LONGEST_LEASE = ("ChangeMessageVisibility", "at most 43,200 s")
    BATCH_SIZE = ("ChangeMessageVisibilityBatch", "at most 10 entries: `TooManyEntriesInBatchRequest`")
    BATCH_IDS = ("ChangeMessageVisibilityBatch", "ids of entries differ: `BatchEntryIdsNotDistinct`")
    BATCH_CODES = ("ChangeMessageVisibilityBatch", "a failed entry has an error's code: `InvalidParameterValue`")
    OLD_DELETE = ("DeleteMessage", "only the newest handle surely deletes; an older one succeeds, the message may stay")
    LONGEST_DELAY = ("SendMessage", "`DelaySeconds` is at most 900")
    EMPTY_BODY = ("SendMessage", "a body has at least one character")
    CHARACTERS = ("SendMessage", "what XML can't hold, such as U+0000, is refused: `InvalidMessageContents`")
    WHOLE_SIZE = ("SendMessage", "attributes count towards the 1 MiB of a message")
    MOST_ATTRIBUTES = ("SendMessage", "at most 10 attributes")
    GROUP_LENGTH = ("SendMessage", "a `MessageGroupId` has at most 128 characters")
    FAIR = ("ReceiveMessage", "a group that waits behind a noisy one is served first (fair queues)")
    DEAD_LETTER_SOURCE = ("ReceiveMessage", "a dead letter tells its source: `DeadLetterQueueSourceArn`")
    MOVE_TASK = ("StartMessageMoveTask", "moves dead letters back to their queue")
    ONE_WRITER = ("PutObject", "of several conditional writes at once exactly one is accepted")
    CONFLICT = ("PutObject", "one of two conditional writes at once may get 409 `ConditionalRequestConflict`")
    FORCED = ("PutBucketPolicy", "a policy can refuse writes without `If-None-Match` and allow those with it")
    DIGEST = ("PutObject", "a body that is not the one of its `Content-MD5` is refused: `BadDigest`")
    KEY_LENGTH = ("PutObject", "a key has at most 1,024 bytes: `KeyTooLongError`")
    DELETE_IF_MATCH = ("DeleteObject", "with `If-Match` it deletes exactly that object, else 412")
    CREDENTIALS = ("every call", "keys that nobody was given are refused")


INSTEAD: Mapping[Rule, Mapping[Bench, str]] = {
    Rule.LATE_EXTEND: dict.fromkeys(EMULATORS, "succeeds"),
    Rule.OLD_EXTEND: dict.fromkeys(EMULATORS, "an older one does too"),
    Rule.OLD_RELEASE: dict.fromkeys(EMULATORS, "an older one does too"),
    Rule.LONGEST_LEASE: {"localstack": "takes any number"},
    Rule.BATCH_SIZE: {"moto": "takes more"},
    Rule.BATCH_IDS: {"moto": "takes one id twice"},
    Rule.BATCH_CODES: {"localstack": "the name of a class: `InvalidParameterValueException`"},
    Rule.OLD_DELETE: dict.fromkeys(EMULATORS, "an older one always deletes"),
    Rule.LONGEST_DELAY: {"localstack": "takes any number"},
    Rule.EMPTY_BODY: {"moto": "takes an empty one"},
    Rule.CHARACTERS: {"moto": "takes them"},
    Rule.WHOLE_SIZE: {"moto": "counts the body alone"},
    Rule.MOST_ATTRIBUTES: dict.fromkeys(EMULATORS, "takes more"),
    Rule.GROUP_LENGTH: {"moto": "takes more"},
    Rule.FAIR: dict.fromkeys(BENCHES, "serves in the order of sending"),
    Rule.DEAD_LETTER_SOURCE: {"moto": "tells nothing"},
    Rule.MOVE_TASK: {"moto": "fails with 500"},
    Rule.ONE_WRITER: {"moto": "two in 1 of 200 races of 16: it looks, then writes, without a lock"},
    Rule.CONFLICT: dict.fromkeys(BENCHES, "never: the losers get 412"),
    Rule.FORCED: {"moto": "refuses both", "localstack": "allows both"},
    Rule.DIGEST: {"moto": "writes it"},
    Rule.KEY_LENGTH: {"moto": "takes a longer one"},
    Rule.DELETE_IF_MATCH: {"localstack": "501 `NotImplemented`, and deletes nothing"},
    Rule.CREDENTIALS: dict.fromkeys(EMULATORS, "takes any keys and any signature"),
}

ASKED_OF_THE_FAKE = frozenset(
    {Rule.LATE_EXTEND, Rule.OLD_EXTEND, Rule.OLD_RELEASE, Rule.OLD_DELETE, Rule.FAIR, Rule.ONE_WRITER, Rule.CONFLICT}
)
"""The worker's ports can't ask the others of it."""


def follows(bench: Bench, rule: Rule) -> bool:
    """Whether it does as AWS says."""
    return bench not in INSTEAD[rule]


@dataclass(frozen=True)
class _Column:
    bench: Bench
    title: str


_COLUMNS = (
    _Column("memory", "the fake"),
    _Column("moto", f"moto {version('moto')}"),
    _Column("localstack", f"LocalStack {LOCALSTACK_VERSION}"),
)

_BEFORE = """\
# Where emulators differ from AWS

<!-- Generated: `PYTHONPATH=tests python -m support.aws.emulators` writes it from the table that the tests ask. -->

One suite (`tests/ports`) runs the worker's adapters against moto and LocalStack, and the in-memory fake that the unit
tests use. The fake is written from AWS's API reference and is the strictest of the three. Where one of them does
otherwise, the test of that rule asserts what it does instead: an emulator that changes fails its test. "yes" is a test
that passed; an empty cell is a rule that the worker's ports can't ask of the fake. Only moto's lost races are left to
chance: they were counted once, on a machine with two busy cores.

"""

_AFTER = """
## What none of them shows

AWS promises less than emulators do. A standard queue may deliver a message twice or out of order, even after a delete;
its counts are approximate; a call may have had its effect although its answer was an error. The simulation
(`tests/simulation`) does all of this, from the same reference.

## Which one is for what

| use | emulator | why |
| --- | --- | --- |
| `laneway up`, end-to-end tests | moto | a package like any other, installed with it; queues are shallow there |
| port tests | moto, LocalStack and the fake | each is wrong somewhere else |
| the real node of `tests/e2e/cluster` | moto; a message's way with LocalStack, too (`make test-localstack`) | \
a user's kind cluster has LocalStack; 9.7 s from a message to the first token of a lane at zero (2026-11-30) |
| thousands of messages in a queue | LocalStack | at each receive moto looks at every message of the queue |

LocalStack is the free community edition; newer releases want an account's token. The tests install it from PyPI into an
environment of its own in the user's cache (`tests/support/aws/localstack.py`). It listens on loopback alone, reports to
nobody and fetches nothing.
"""


def page() -> str:
    """docs/reference/emulators.md."""
    titles = ["call", "AWS's API reference", *(column.title for column in _COLUMNS)]
    rows = [titles, ["---"] * len(titles), *(_row(rule) for rule in Rule)]
    return _BEFORE + "".join(f"| {' | '.join(cells)} |\n" for cells in rows) + _AFTER


def _row(rule: Rule) -> list[str]:
    call, says = rule.value
    return [call, says, *(_cell(rule, column.bench) for column in _COLUMNS)]


def _cell(rule: Rule, bench: Bench) -> str:
    if bench == "memory" and rule not in ASKED_OF_THE_FAKE:
        return ""
    return INSTEAD[rule].get(bench, "yes")


if __name__ == "__main__":
    PAGE.write_text(page())
