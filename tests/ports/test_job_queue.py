from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import pytest

from laneway.schema.codes import ErrorCode
from laneway.schema.names import MESSAGE_ATTRIBUTE
from laneway_worker.adapters.sqs import SQSQueue
from laneway_worker.errors import Unavailable
from laneway_worker.ports import Delivery
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryQueue
from support.moto_server import POLL_SECONDS
from support.queues import MemoryBench, QueueBench, SQSBench
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.adapters.aws import Clients
    from laneway_worker.ports import JobQueue


class Rule(Enum):
    """What AWS's API reference says and not every emulator follows."""

    LATE_EXTEND = "ChangeMessageVisibility of a message that is not in flight fails: MessageNotInflight"
    OLD_EXTEND = "only the newest handle of a message extends its lease"
    OLD_RELEASE = "only the newest handle of a message makes it visible"
    OLD_DELETE = "DeleteMessage by an older handle succeeds and need not delete: the message may come again"


EMULATOR_DIFFERENCES: dict[str, frozenset[Rule]] = {
    "memory": frozenset(),
    # moto 5.2 keeps every handle that it ever gave out, and looks at neither their order nor the lease
    "moto": frozenset({Rule.LATE_EXTEND, Rule.OLD_EXTEND, Rule.OLD_RELEASE, Rule.OLD_DELETE}),
}

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
SENDERS_OWN = {
    "source": {"DataType": "String", "StringValue": "billing"},
    "size": {"DataType": "Number", "StringValue": "12"},
    "checksum": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}
HISTORY = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": "a history"}}

CALLS: dict[str, Callable[[JobQueue], object]] = {
    "ReceiveMessage": lambda queue: queue.receive(1),
    "ChangeMessageVisibilityBatch": lambda queue: queue.extend(["receipt"], 60),
    "ChangeMessageVisibility": lambda queue: queue.release("receipt"),
    "DeleteMessage": lambda queue: queue.delete("receipt"),
    "SendMessage": lambda queue: queue.resend(lost_delivery(), "a history", 0),
}


def lost_delivery() -> Delivery:
    return Delivery("message", "receipt", b"{}", ManualClock().now(), 1)


def follows(bench: QueueBench, rule: Rule) -> bool:
    return rule not in EMULATOR_DIFFERENCES[bench.emulator]


class OpenQueue(Protocol):
    def __call__(self, visibility_seconds: int = 60, poll_seconds: int | None = None) -> QueueBench: ...


@pytest.fixture(params=["memory", "moto"])
def open_queue(request: pytest.FixtureRequest) -> OpenQueue:
    if request.param == "memory":
        return lambda visibility_seconds=60, poll_seconds=None: MemoryBench(visibility_seconds, poll_seconds or 0)
    clients: Clients = request.getfixturevalue("aws")
    return lambda visibility_seconds=60, poll_seconds=None: SQSBench(
        clients, visibility_seconds, poll_seconds or POLL_SECONDS
    )


@pytest.fixture
def bench(open_queue: OpenQueue) -> QueueBench:
    return open_queue()


@pytest.fixture
def brief(open_queue: OpenQueue) -> QueueBench:
    return open_queue(visibility_seconds=1)


@pytest.fixture(params=["memory", "sqs"])
def unreachable(request: pytest.FixtureRequest) -> JobQueue:
    if request.param == "sqs":
        clients: Clients = request.getfixturevalue("unreachable_aws")
        return SQSQueue(clients, "http://127.0.0.1/123456789012/queue", 60, POLL_SECONDS)
    queue = MemoryQueue(ManualClock(), poll_seconds=0)
    queue.down = True
    return queue


def received_again(brief: QueueBench) -> tuple[Delivery, Delivery]:
    """The first receive of a message, whose lease ended, and the second."""
    brief.send()
    return brief.one(), brief.one()


def test_a_delivery_has_the_messages_id_and_body(bench: QueueBench) -> None:
    message_id = bench.send('{"prompt": "¿Qué?"}'.encode())
    delivery = bench.one()
    assert (delivery.message_id, delivery.body) == (message_id, '{"prompt": "¿Qué?"}'.encode())
    assert delivery.receipt


def test_a_first_delivery_counts_one(bench: QueueBench) -> None:
    bench.send()
    assert bench.one().receive_count == 1


def test_a_delivery_tells_when_the_message_was_sent(bench: QueueBench) -> None:
    before = bench.clock.now()
    bench.send()
    sent_at = bench.one().sent_at
    assert sent_at.utcoffset() == timedelta(0)
    assert before - timedelta(milliseconds=1) <= sent_at <= bench.clock.now()


def test_a_bare_message_has_nothing_but_its_body(bench: QueueBench) -> None:
    bench.send()
    delivery = bench.one()
    assert (delivery.history, delivery.attributes) == (None, {})
    assert (delivery.group_id, delivery.trace_header) == (None, None)


def test_the_senders_attributes_come_in_the_form_in_which_they_are_sent(bench: QueueBench) -> None:
    bench.send(attributes=SENDERS_OWN)
    assert bench.one().attributes == SENDERS_OWN


def test_our_attribute_is_split_off(bench: QueueBench) -> None:
    bench.send(attributes=SENDERS_OWN | HISTORY)
    delivery = bench.one()
    assert (delivery.history, delivery.attributes) == ("a history", SENDERS_OWN)


def test_group_id_and_trace_header_come_along(bench: QueueBench) -> None:
    bench.send(group_id="team-a", trace_header=TRACE)
    delivery = bench.one()
    assert (delivery.group_id, delivery.trace_header) == ("team-a", TRACE)


def test_no_more_messages_come_than_asked_for(bench: QueueBench) -> None:
    sent = {bench.send() for _ in range(5)}
    first, rest = bench.receive(3), bench.receive(10)
    assert 1 <= len(first) <= 3
    assert {delivery.message_id for delivery in first + rest} <= sent
    assert not {delivery.message_id for delivery in first} & {delivery.message_id for delivery in rest}


def test_an_empty_queue_gives_nothing_after_the_wait(bench: QueueBench) -> None:
    began = bench.clock.monotonic()
    assert bench.receive() == []
    assert bench.clock.monotonic() - began >= POLL_SECONDS * 0.9


def test_a_waiting_receive_ends_with_the_message_that_comes(open_queue: OpenQueue) -> None:
    bench = open_queue(poll_seconds=10)
    waiting = in_thread(lambda: bench.queue.receive(1))
    eventually(bench.asked)
    message_id = bench.send()
    assert [delivery.message_id for delivery in waiting.result(timeout=15)] == [message_id]


def test_the_fakes_wait_is_the_clocks() -> None:
    clock = ManualClock()
    queue = MemoryQueue(clock, poll_seconds=20)
    waiting = in_thread(lambda: queue.receive(1))
    eventually(lambda: queue.calls)
    clock.advance(19)
    assert not waiting.done()
    clock.advance(1)
    assert waiting.result(timeout=10) == []


def test_a_leased_message_is_hidden(bench: QueueBench) -> None:
    bench.send()
    bench.one()
    assert bench.receive() == []


def test_a_message_comes_again_when_its_lease_ends(brief: QueueBench) -> None:
    first, again = received_again(brief)
    assert (first.message_id, first.sent_at) == (again.message_id, again.sent_at)
    assert again.receive_count == 2
    assert again.receipt != first.receipt


def test_an_extended_lease_lasts_from_now(brief: QueueBench) -> None:
    brief.send()
    delivery = brief.one()
    began = brief.clock.monotonic()
    brief.queue.extend([delivery.receipt], 3)
    brief.one()
    assert brief.clock.monotonic() - began >= 2.99


def test_an_extension_names_each_receipt_once(bench: QueueBench) -> None:
    for _ in range(2):
        bench.send()
    kept, deleted = bench.receive(1)[0].receipt, bench.receive(1)[0].receipt
    bench.queue.delete(deleted)
    extension = bench.queue.extend([kept, deleted, "never given out"], 60)
    assert extension.extended == {kept}
    assert extension.lost == {deleted, "never given out"}


def test_more_leases_than_a_batch_holds_are_extended(bench: QueueBench) -> None:
    for _ in range(12):
        bench.send()
    receipts = [delivery.receipt for _ in range(2) for delivery in bench.receive(10)]
    extension = bench.queue.extend(["never given out", *receipts], 60)
    assert len(receipts) == 12
    assert extension.extended == set(receipts)
    assert extension.lost == {"never given out"}


def test_extending_nothing_is_no_error(bench: QueueBench) -> None:
    extension = bench.queue.extend([], 60)
    assert not extension.extended | extension.lost


def test_a_lease_that_ended_is_lost(open_queue: OpenQueue) -> None:
    bench = open_queue(visibility_seconds=1)
    bench.send()
    delivery = bench.one()
    bench.queue.release(delivery.receipt)
    lost = bench.queue.extend([delivery.receipt], 60).lost
    assert bool(lost) is follows(bench, Rule.LATE_EXTEND)


def test_a_lease_that_another_receive_took_is_lost(brief: QueueBench) -> None:
    first, again = received_again(brief)
    extension = brief.queue.extend([first.receipt, again.receipt], 60)
    assert again.receipt in extension.extended
    assert (first.receipt in extension.lost) is follows(brief, Rule.OLD_EXTEND)


def test_a_released_message_comes_at_once(bench: QueueBench) -> None:
    message_id = bench.send()
    bench.queue.release(bench.one().receipt)
    again = bench.one()
    assert (again.message_id, again.receive_count) == (message_id, 2)


def test_an_old_handle_releases_nothing(brief: QueueBench) -> None:
    first, again = received_again(brief)
    brief.queue.extend([again.receipt], 60)
    brief.queue.release(first.receipt)
    assert (brief.receive() == []) is follows(brief, Rule.OLD_RELEASE)


def test_a_deleted_message_is_gone(brief: QueueBench) -> None:
    brief.send()
    brief.queue.delete(brief.one().receipt)
    assert brief.arrivals(within=2) == []


def test_the_newest_handle_deletes(brief: QueueBench) -> None:
    _, again = received_again(brief)
    brief.queue.delete(again.receipt)
    assert brief.arrivals(within=2) == []


def test_an_old_handle_deletes_nothing(brief: QueueBench) -> None:
    first, again = received_again(brief)
    brief.queue.extend([again.receipt], 60)
    brief.queue.delete(first.receipt)
    assert brief.holds(again.receipt) is follows(brief, Rule.OLD_DELETE)


def test_letting_go_of_a_deleted_message_is_no_error(bench: QueueBench) -> None:
    bench.send()
    receipt = bench.one().receipt
    for _ in range(2):
        bench.queue.delete(receipt)
    bench.queue.release(receipt)
    assert not bench.holds(receipt)


def test_letting_go_by_a_handle_that_never_was_is_no_error(bench: QueueBench) -> None:
    bench.send()
    bench.queue.release("never given out")
    bench.queue.delete("never given out")
    assert bench.one().receive_count == 1


def test_a_job_sent_again_is_a_new_message_that_carries_everything(bench: QueueBench) -> None:
    bench.send(b'{"prompt": "x"}', SENDERS_OWN | HISTORY, "team-a", TRACE)
    first = bench.one()
    bench.queue.resend(first, "a longer history", 0)
    again = bench.one()
    assert (again.body, again.attributes) == (first.body, SENDERS_OWN)
    assert (again.group_id, again.trace_header) == ("team-a", TRACE)
    assert again.history == "a longer history"
    assert again.message_id != first.message_id
    assert again.receive_count == 1


def test_a_bare_job_sent_again_stays_bare(bench: QueueBench) -> None:
    bench.send()
    bench.queue.resend(bench.one(), "a history", 0)
    again = bench.one()
    assert (again.attributes, again.group_id, again.trace_header) == ({}, None, None)


def test_sending_again_leaves_the_first_message_alone(bench: QueueBench) -> None:
    bench.send()
    first = bench.one()
    bench.queue.resend(first, "a history", 0)
    assert bench.holds(first.receipt)


def test_a_job_sent_again_comes_after_its_delay(bench: QueueBench) -> None:
    bench.send()
    bench.queue.resend(bench.one(), "a history", 2)
    again = bench.one()
    assert bench.clock.now() - again.sent_at >= timedelta(seconds=2)


def test_a_history_survives_being_sent_again(bench: QueueBench) -> None:
    bench.send()
    first = bench.one()
    history = first.read_history().with_failure(ErrorCode.STALLED, "no token for 60 s", "worker-é", bench.clock.now())
    bench.queue.resend(first, history.to_attribute(), 0)
    again = bench.one()
    assert again.read_history() == history
    assert (history.id, history.attempts) == (first.message_id, 1)


@pytest.mark.parametrize("call", CALLS)
def test_an_unreachable_queue_is_unavailable(unreachable: JobQueue, call: str) -> None:
    with pytest.raises(Unavailable):
        CALLS[call](unreachable)


@pytest.mark.parametrize("call", CALLS)
def test_a_refusal_names_the_call_and_awss_code(aws: Clients, call: str) -> None:
    bench = SQSBench(aws, visibility_seconds=60)
    queue = SQSQueue(aws, f"{bench.url}-missing", 60, POLL_SECONDS)
    with pytest.raises(Unavailable, match=rf"^{call} was refused: .*NonExistentQueue$"):
        CALLS[call](queue)
