from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryQueue
from support.aws.emulators import BENCHES, Rule, follows
from support.aws.moto import POLL_SECONDS
from support.aws.queues import MemoryBench, QueueBench, SQSBench
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from support.aws.emulators import Aws


TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
SENDERS_OWN = {
    "source": {"DataType": "String", "StringValue": "billing"},
    "size": {"DataType": "Number", "StringValue": "12"},
    "checksum": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}
HISTORY = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": "a history"}}


class OpenQueue(Protocol):
    def __call__(self, visibility_seconds: int = 60, poll_seconds: int | None = None) -> QueueBench: ...


@pytest.fixture(params=BENCHES)
def open_queue(request: pytest.FixtureRequest) -> OpenQueue:
    if request.param == "memory":
        return lambda visibility_seconds=60, poll_seconds=None: MemoryBench(visibility_seconds, poll_seconds or 0)
    aws: Aws = request.getfixturevalue(request.param)
    return lambda visibility_seconds=60, poll_seconds=None: SQSBench(
        aws, visibility_seconds, poll_seconds or POLL_SECONDS
    )


@pytest.fixture
def bench(open_queue: OpenQueue) -> QueueBench:
    return open_queue()


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


def test_a_message_comes_again_when_its_lease_ends(open_queue: OpenQueue) -> None:
    bench = open_queue(visibility_seconds=1)
    bench.send()
    first, again = bench.one(), bench.one()
    assert (first.message_id, first.sent_at) == (again.message_id, again.sent_at)
    assert again.receive_count == 2
    assert again.receipt != first.receipt


def test_an_extended_lease_lasts_from_now(bench: QueueBench) -> None:
    bench.send()
    delivery = bench.one()
    began = bench.clock.monotonic()
    bench.queue.extend([delivery.receipt], 2)
    assert bench.one().receive_count == 2
    assert bench.clock.monotonic() - began >= 1.99


def test_an_extension_names_each_receipt_once(bench: QueueBench) -> None:
    for _ in range(2):
        bench.send()
    kept, deleted = bench.receive(1)[0].receipt, bench.receive(1)[0].receipt
    bench.queue.delete(deleted)
    extension = bench.queue.extend([kept, deleted, "never given out"], 60)
    assert extension.extended == {kept}
    assert "never given out" in extension.lost
    assert (deleted in extension.lost) is follows(bench.bench, Rule.BATCH_CODES)


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


def test_a_lease_that_ended_is_lost(bench: QueueBench) -> None:
    bench.send()
    delivery = bench.one()
    bench.queue.release(delivery.receipt)
    lost = bench.queue.extend([delivery.receipt], 60).lost
    assert bool(lost) is follows(bench.bench, Rule.LATE_EXTEND)


def test_a_lease_that_another_receive_took_is_lost(bench: QueueBench) -> None:
    first, again = bench.two_receives()
    extension = bench.queue.extend([first.receipt, again.receipt], 60)
    assert again.receipt in extension.extended
    assert (first.receipt in extension.lost) is follows(bench.bench, Rule.OLD_EXTEND)


def test_a_released_message_comes_at_once(bench: QueueBench) -> None:
    message_id = bench.send()
    bench.queue.release(bench.one().receipt)
    again = bench.one()
    assert (again.message_id, again.receive_count) == (message_id, 2)


def test_an_old_handle_releases_nothing(bench: QueueBench) -> None:
    first, _ = bench.two_receives()
    bench.queue.release(first.receipt)
    assert (bench.receive() == []) is follows(bench.bench, Rule.OLD_RELEASE)


def test_a_deleted_message_is_gone(bench: QueueBench) -> None:
    bench.send()
    receipt = bench.one().receipt
    bench.queue.extend([receipt], 1)
    bench.queue.delete(receipt)
    assert bench.arrivals(within=2) == []


def test_the_newest_handle_deletes(bench: QueueBench) -> None:
    _, again = bench.two_receives()
    bench.queue.extend([again.receipt], 1)
    bench.queue.delete(again.receipt)
    assert bench.arrivals(within=2) == []


def test_an_old_handle_deletes_nothing(bench: QueueBench) -> None:
    first, again = bench.two_receives()
    bench.queue.delete(first.receipt)
    assert bench.holds(again.receipt) is follows(bench.bench, Rule.OLD_DELETE)


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
