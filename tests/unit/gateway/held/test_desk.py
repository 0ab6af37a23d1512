"""Requests that are held over a pool in memory."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from laneway.client.remote import Figures
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import parse_job
from laneway.schema.job.result import ErrorDetail
from laneway_gateway.desk import Broken, Ended, Record, Started, Tenant
from laneway_gateway.errors import IdempotencyKeyReused, PoolUnreachable, TooManyHeld, UnknownJob
from laneway_gateway.held.leaving import GRACE_SECONDS
from laneway_gateway.held.watch import LOOK_SECONDS, RARELY
from laneway_gateway.ports.streams import OlderWriter, Order, UnknownStream
from laneway_gateway.testing.clock import settle
from support.gateway.desks import MOST, PLACE, TENANT, Client, World, asked, ended, line, said
from support.inputs.documents import MODEL

if TYPE_CHECKING:
    from laneway_gateway.desk import Event
    from laneway_gateway.held.desk import HeldDesk

OTHER = Tenant("payroll")
DOWN = PoolUnreachable("nothing answers")
LONG = 600.0  # s: longer than anything here waits, three minutes for a registration that is not renewed


def texts(events: list[Event]) -> str:
    return "".join(each.fields["response"] for each in events if isinstance(each, Record))


async def test_a_job_is_stored_sent_and_owned(world: World) -> None:
    held = await world.take(asked(tenant=replace(TENANT, labels={"team": "claims"})))
    await settle()
    assert not held.joined
    (message,) = world.queues.sent
    job = parse_job(message.body.encode())
    assert (job.id, job.prompt, job.model, job.labels) == (held.job_id, "Capital of France?", None, {"team": "claims"})
    assert (message.group, message.queue_url.rpartition("/")[2]) == ("claims", "fast")
    reply = json.loads(message.attribute)["reply"]
    assert held.job_id.startswith(f"{reply['gateway']}-")
    assert json.loads(world.store.objects[PLACE.owner(held.job_id)].body)["tenant"] == "claims"


async def test_what_a_worker_tells_is_heard_and_the_end_comes_from_the_bucket(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    worker = world.worker(held.job_id)
    worker.add([line(started={"attempt": 1, "worker": "w"}), *said("Par")])
    assert await client.all() == [Started(1), Record({"response": "Par"})]
    worker.add(said("is", "."))
    etag = world.commit(held.job_id)
    worker.add([ended(etag)])
    heard = await client.all()
    end = heard[-1]
    assert isinstance(end, Ended)
    assert (end.etag, end.streamed, end.result.text, texts(heard)) == (etag, True, "Paris.", "Paris.")
    assert client.task.done()


async def test_a_worker_that_has_told_all_is_not_cut_off(world: World) -> None:
    held = await world.take(asked())
    worker = world.worker(held.job_id)
    worker.add([*said("Paris."), ended(world.commit(held.job_id))])
    assert isinstance(await held.ended(), Ended)
    await held.leave(hung_up=False)
    await world.clock.advance(LONG)
    assert world.desk.registry.find(held.job_id) is None
    assert not worker.unwanted.is_set()


async def test_an_end_is_never_told_before_the_result_is_there(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    world.worker(held.job_id).add([*said("Paris."), ended('"made up"')])
    assert len(await client.all()) == 1
    world.commit(held.job_id)
    await world.clock.advance(LOOK_SECONDS)
    assert isinstance((await client.all())[-1], Ended)


async def test_without_a_stream_the_result_is_found_and_not_told_as_streamed(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    world.commit(held.job_id)
    await world.clock.advance(LOOK_SECONDS)
    (end,) = await client.all()
    assert isinstance(end, Ended)
    assert not end.streamed


async def test_a_stream_that_broke_off_is_made_whole_by_the_result(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    worker = world.worker(held.job_id)
    worker.add(said("Par"))
    await settle()
    worker.close()
    world.commit(held.job_id)
    await world.clock.advance(LOOK_SECONDS)
    heard = await client.all()
    assert texts(heard) == "Paris."
    assert isinstance(heard[-1], Ended)
    assert heard[-1].streamed


async def test_an_older_worker_that_does_not_know_who_waits_costs_the_stream_alone(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    worker = world.worker(held.job_id)
    worker.add([line(started={"attempt": 1}), *said("Par")])
    await settle()
    worker.add([line(again={"reason": "failed"})])
    world.commit(held.job_id)  # by who took the job up next, and told nobody
    await world.clock.advance(LOOK_SECONDS)
    heard = await client.all()
    assert (texts(heard), heard.count(Started(1)), type(heard[-1])) == ("Paris.", 1, Ended)


async def test_an_answer_that_is_not_what_was_streamed_ends_with_the_jobs_name(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    worker = world.worker(held.job_id)
    worker.add(said("Rome"))
    await settle()
    worker.add([ended(world.commit(held.job_id))])
    end = (await client.all())[-1]
    assert isinstance(end, Broken)
    assert held.job_id in end.message


async def test_another_attempt_goes_on_where_it_says_the_same_and_breaks_off_where_not(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    worker = world.worker(held.job_id)
    worker.add(said("Par"))
    await settle()
    worker.add([line(again={"reason": "failed"})])
    worker.close()
    second = world.worker(held.job_id, order=Order(2, 1))
    second.add(said("Paris"))
    assert texts(await client.all()) == "Paris"
    third = world.worker(held.job_id, order=Order(3, 1))
    assert second.unwanted.is_set()
    third.add(said("Rome"))
    assert isinstance((await client.all())[-1], Broken)


async def test_who_hears_nothing_gets_the_result_whatever_the_attempts_said(world: World) -> None:
    held = await world.take(asked())
    end = asyncio.ensure_future(held.ended())
    world.worker(held.job_id).add(said("Rome"))
    worker = world.worker(held.job_id, order=Order(2, 1))
    worker.add([*said("Paris."), ended(world.commit(held.job_id))])
    assert isinstance(await end, Ended)


async def test_what_a_dismissed_writer_says_counts_no_more(world: World) -> None:
    held = await world.take(asked())
    client = Client(held)
    zombie = world.worker(held.job_id)
    newer = world.worker(held.job_id, order=Order(1, 2))
    newer.add(said("Paris"))
    zombie.add(said("Rome"))
    zombie.close()
    assert texts(await client.all()) == "Paris"
    with pytest.raises(OlderWriter):
        world.worker(held.job_id)


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_a_stream_is_opened_by_its_own_token_alone(world: World, token: str) -> None:
    held, other = await world.take(asked()), await world.take(asked("Of Italy?"))
    others = world.attribute(other.job_id)["reply"]["stream"]
    for wrong in (token, others):
        with pytest.raises(UnknownStream):
            world.desk.registry.open(held.job_id, wrong, Order(1, 1))
    with pytest.raises(UnknownStream):
        world.desk.registry.open("unknown", others, Order(1, 1))


async def test_a_result_of_another_request_is_never_shown(world: World) -> None:
    held = await world.take(asked())
    world.commit(held.job_id, "somebody else's", request_hash="sha256:" + "0" * 64)
    await world.clock.advance(LOOK_SECONDS)
    end = await held.ended()
    assert isinstance(end, Broken)
    assert "somebody else" not in end.message.replace("somebody else sent", "")
    with pytest.raises(UnknownJob):
        await world.desk.standing(TENANT, held.job_id)


async def test_a_result_by_another_model_of_the_lane_is_the_requests(world: World) -> None:
    held = await world.take(asked())
    job = parse_job(world.store.objects[PLACE.job(held.job_id)].body)
    model = {"name": "qwen3:8b"}
    world.commit(held.job_id, model=model, request_hash=job.request_hash("qwen3:8b"))
    await world.clock.advance(LOOK_SECONDS)
    assert isinstance(await held.ended(), Ended)


async def test_a_result_that_nobody_can_read_is_told_with_the_job(world: World) -> None:
    held = await world.take(asked())
    world.store.put(PLACE.result(held.job_id), b"{}")
    await world.clock.advance(LOOK_SECONDS)
    end = await held.ended()
    assert isinstance(end, Broken)
    assert held.job_id in end.message


async def test_a_failed_job_is_told_as_its_result(world: World) -> None:
    held = await world.take(asked())
    error = ErrorDetail.of(ErrorCode.TIMED_OUT, "it took too long")
    world.commit(held.job_id, status="failed", error=error, text=None)
    await world.clock.advance(LOOK_SECONDS)
    end = await held.ended()
    assert isinstance(end, Ended)
    assert end.result.error == error


async def test_results_are_looked_for_by_one_listing_and_by_none_when_nothing_is_held(world: World) -> None:
    for number in range(3):
        await world.take(asked(str(number)))
    world.store.calls.clear()
    await world.clock.advance(LOOK_SECONDS)
    assert [call for call, _ in world.store.calls] == ["keys"]
    empty = World()
    await empty.clock.advance(10 * LOOK_SECONDS)
    assert "keys" not in {call for call, _ in empty.store.calls}
    await empty.close()


async def test_jobs_whose_streams_are_open_are_looked_for_rarely(world: World) -> None:
    held = await world.take(asked())
    world.worker(held.job_id)
    await settle()
    world.store.calls.clear()
    await world.clock.advance((RARELY - 1) * LOOK_SECONDS)
    assert world.store.calls == []
    world.commit(held.job_id)
    await world.clock.advance(LOOK_SECONDS)
    assert isinstance(await held.ended(), Ended)


async def test_a_bucket_that_is_away_for_a_while_costs_no_held_request(world: World) -> None:
    held = await world.take(asked())
    world.commit(held.job_id)
    world.store.error = DOWN
    await world.clock.advance(60)
    world.store.error = None
    await world.clock.advance(LOOK_SECONDS)
    assert isinstance(await held.ended(), Ended)


# Joining


async def test_equal_first_tries_are_two_jobs(world: World) -> None:
    one, two = await world.take(asked()), await world.take(asked())
    assert one.job_id != two.job_id
    assert len(world.sent) == 2


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_a_retry_joins_the_running_job(world: World, where: str) -> None:
    desk = world.desk if where == "here" else world.another()
    first = await world.take(asked())
    await settle()
    again = await world.take(asked(retry=1), desk)
    assert (again.job_id, again.joined, len(world.sent)) == (first.job_id, True, 1)
    world.commit(first.job_id)
    await world.clock.advance(LOOK_SECONDS)
    assert await first.ended() == await again.ended()


async def test_a_retry_hears_what_was_streamed_before_it_came(world: World) -> None:
    first = await world.take(asked())
    worker = world.worker(first.job_id)
    worker.add(said("Par"))
    await settle()
    await first.leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS - 1)
    client = Client(await world.take(asked(retry=1)))
    worker.add(said("is."))
    assert texts(await client.all()) == "Paris."
    await world.clock.advance(LONG)
    assert not world.is_cancelled(first.job_id)
    assert not worker.unwanted.is_set()


@pytest.mark.parametrize(
    "other",
    [{"tenant": OTHER}, {"path": "/v1/chat/completions"}, {"body_hash": "f" * 64}],
    ids=["tenant", "path", "body"],
)
async def test_what_differs_in_anything_joins_nothing(world: World, other: dict[str, Any]) -> None:
    first = await world.take(asked())
    await settle()
    assert (await world.take(asked(retry=1, **other))).job_id != first.job_id


async def test_a_retry_of_what_was_never_seen_is_a_job(world: World) -> None:
    held = await world.take(asked(retry=2))
    assert not held.joined


async def test_a_retry_after_a_day_is_a_job_of_its_own(world: World) -> None:
    first = await world.take(asked())
    await settle()
    await world.close()  # a gateway that looks for results all day takes seconds of ours
    await world.clock.advance(23 * 3600)
    assert (await world.take(asked(retry=1), world.another())).job_id == first.job_id
    await world.close()
    await world.clock.advance(2 * 3600)
    assert (await world.take(asked(retry=1), world.another())).job_id != first.job_id


async def test_a_retry_of_a_job_that_is_being_cancelled_is_a_new_one(world: World) -> None:
    first = await world.take(asked())
    await settle()
    await first.leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS)
    assert world.is_cancelled(first.job_id)
    again = await world.take(asked(retry=1))
    assert (again.job_id != first.job_id, again.joined) == (True, False)
    await settle()
    assert (await world.take(asked(retry=2))).job_id == again.job_id


async def test_an_idempotency_key_makes_one_job_of_requests_that_come_at_once(world: World) -> None:
    desks = [world.desk, world.another()]
    taking = [asyncio.ensure_future(world.take(asked(idempotency_key="k"), desk)) for desk in desks]
    await world.clock.advance(5)
    one, two = [await each for each in taking]
    assert one.job_id == two.job_id
    assert len(world.sent) == 1


async def test_an_idempotency_key_is_for_one_body(world: World) -> None:
    await world.take(asked(idempotency_key="k"))
    with pytest.raises(IdempotencyKeyReused, match="give each request its own"):
        await world.take(asked("another", idempotency_key="k"))
    assert (await world.take(asked("another", idempotency_key="k", tenant=OTHER))).job_id


async def test_names_of_requests_tell_nobody_what_was_asked(world: World) -> None:
    await world.take(asked())
    await settle()
    other = World()
    await other.take(asked())
    await settle()
    names = [[key for key in each.store.objects if "/joins/" in key] for each in (world, other)]
    assert len(names[0]) == len(names[1]) == 1
    assert names[0] != names[1]
    await other.close()


async def test_a_job_that_may_not_have_been_sent_is_named_and_sent_again_under_its_id(world: World) -> None:
    world.queues.errors.append((DOWN, True))
    with pytest.raises(PoolUnreachable, match=r"job [a-z0-9]{16}-\S+ may not have been sent: nothing answers") as told:
        await world.take(asked(idempotency_key="k"))
    taking = asyncio.ensure_future(world.take(asked(idempotency_key="k", retry=1)))
    await world.clock.advance(60)
    held = await taking
    assert held.job_id in str(told.value)
    assert world.sent == [held.job_id] * 2


async def test_without_a_key_a_retry_of_what_was_not_sent_is_a_new_job(world: World) -> None:
    world.queues.errors.append((DOWN, False))
    with pytest.raises(PoolUnreachable):
        await world.take(asked())
    held = await world.take(asked(retry=1))
    assert world.sent == [held.job_id]


async def test_a_defect_while_sending_leaves_nothing_behind(world: World) -> None:
    world.queues.errors.append((RuntimeError("a defect"), False))  # type: ignore[arg-type] # nothing that is foreseen
    with pytest.raises(RuntimeError):
        await world.take(asked())
    assert list(world.desk.registry.all()) == []


async def test_nobody_is_told_of_a_job_that_is_only_being_sent(world: World) -> None:
    world.queues.errors.append((DOWN, False))
    with pytest.raises(PoolUnreachable) as told:
        await world.take(asked())
    job_id = str(told.value).split()[1]
    with pytest.raises(UnknownJob):
        await world.desk.follow(TENANT, job_id)


async def test_whose_a_job_is_is_said_again_until_it_is_written(world: World) -> None:
    held = await world.take(asked())
    world.store.error = DOWN
    await settle()
    await world.clock.advance(3)
    world.store.error = None
    await world.clock.advance(3)
    assert PLACE.owner(held.job_id) in world.store.objects


# Leaving


async def test_a_job_whose_client_hung_up_is_cancelled_after_a_grace_and_then_its_stream_is_closed(
    world: World,
) -> None:
    held = await world.take(asked())
    worker = world.worker(held.job_id)
    await held.leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS - 1)
    assert not world.is_cancelled(held.job_id)
    assert not worker.unwanted.is_set()
    await world.clock.advance(1)
    assert world.is_cancelled(held.job_id)
    assert worker.unwanted.is_set()


@pytest.mark.parametrize("why", ["kept", "not hung up", "ended", "shutdown", "another waits"])
async def test_no_other_job_is_cancelled(world: World, why: str) -> None:
    held = await world.take(asked(kept=why == "kept"))
    await settle()
    if why == "ended":
        world.commit(held.job_id)
        await world.clock.advance(LOOK_SECONDS)
    if why == "another waits":
        await world.take(asked(retry=1))
    await held.leave(hung_up=why != "not hung up")
    if why == "shutdown":
        await world.desk.drain(0)
    await world.clock.advance(LONG)
    assert not world.is_cancelled(held.job_id)


async def test_who_joins_keeps_a_job_for_good(world: World) -> None:
    first = await world.take(asked())
    await settle()
    again = await world.take(asked(retry=1, kept=True))
    for each in (first, again):
        await each.leave(hung_up=True)
    await world.clock.advance(LONG)
    assert not world.is_cancelled(first.job_id)


@pytest.mark.parametrize("last", ["own", "other"])
async def test_a_job_that_another_gateway_waits_for_is_cancelled_by_the_last_one(world: World, last: str) -> None:
    first = await world.take(asked())
    await settle()
    joined = await world.take(asked(retry=1), world.another())
    order = [first, joined] if last == "other" else [joined, first]
    await order[0].leave(hung_up=True)
    await world.clock.advance(2 * GRACE_SECONDS)
    assert not world.is_cancelled(first.job_id)
    await order[1].leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS)
    assert world.is_cancelled(first.job_id)


async def test_a_gateway_that_is_gone_waits_for_nothing(world: World) -> None:
    first = await world.take(asked())
    await settle()
    other = world.another()
    await world.take(asked(retry=1), other)
    await world.clock.advance(200)  # nobody renews its registration
    await first.leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS)
    assert world.is_cancelled(first.job_id)


class Slow:
    """A queue that takes nothing before the test says so."""

    def __init__(self, world: World) -> None:
        self.go = asyncio.Event()
        self._send = world.queues.send
        world.queues.send = self.send  # type: ignore[method-assign] # because it is of this one fake

    async def send(self, *given: Any, **named: Any) -> None:
        await self.go.wait()
        await self._send(*given, **named)


async def test_a_client_that_hangs_up_while_its_job_is_sent_finds_it_again(world: World) -> None:
    slow = Slow(world)
    taking = asyncio.ensure_future(world.take(asked()))
    await settle()
    taking.cancel()
    await settle()
    assert world.desk.rooms.held == 0
    slow.go.set()
    await settle()
    (sent,) = world.sent
    again = await world.take(asked(retry=1))
    assert (again.job_id, again.joined, len(world.sent)) == (sent, True, 1)


async def test_a_job_is_nobodys_before_it_is_sent(world: World) -> None:
    slow = Slow(world)
    taking = asyncio.ensure_future(world.take(asked()))
    await settle()
    (entry,) = world.desk.registry.all()
    with pytest.raises(UnknownJob):
        await world.desk.follow(TENANT, entry.id)
    slow.go.set()
    await taking
    await settle()
    assert (await world.desk.follow(TENANT, entry.id)).job_id == entry.id


async def test_a_retry_that_comes_while_its_job_is_being_cancelled_is_a_new_one(world: World) -> None:
    first = await world.take(asked())
    await settle()
    go, put_new = asyncio.Event(), world.store.put_new

    async def slowly(key: str, body: bytes) -> str | None:
        if key == PLACE.cancel(first.job_id):
            await go.wait()
        return await put_new(key, body)

    world.store.put_new = slowly  # type: ignore[method-assign] # because it is of this one fake
    await first.leave(hung_up=True)
    await world.clock.advance(GRACE_SECONDS)
    assert (await world.take(asked(retry=1))).job_id != first.job_id
    go.set()
    await settle()
    assert world.is_cancelled(first.job_id)


async def test_who_leaves_while_the_gateway_stops_did_not_hang_up(world: World) -> None:
    held = await world.take(asked())
    await world.take(asked("another, so that it goes on"))
    draining = asyncio.ensure_future(world.desk.drain(10 * GRACE_SECONDS))
    await settle()
    await held.leave(hung_up=True)
    await world.clock.advance(2 * GRACE_SECONDS)
    assert not draining.done()
    assert not world.is_cancelled(held.job_id)
    draining.cancel()


async def test_what_is_dropped_late_drops_nothing_newer(world: World) -> None:
    held = await world.take(asked())
    registry, older = world.desk.registry, held.entry
    registry.drop(older)
    newer = registry.add(older.owner)
    registry.drop(older)
    assert registry.find(held.job_id) is newer


async def test_what_is_left_twice_is_left_once(world: World) -> None:
    held = await world.take(asked())
    await held.leave(hung_up=False)
    await held.leave(hung_up=True)
    await world.clock.advance(LONG)
    assert world.desk.rooms.held == 0
    assert not world.is_cancelled(held.job_id)
    assert world.desk.registry.find(held.job_id) is None


# Bounds


async def test_a_tenant_holds_so_many_requests_and_no_more(world: World) -> None:
    held = [await world.take(asked(str(number))) for number in range(TENANT.most_held)]
    with pytest.raises(TooManyHeld, match="3 requests of the key claims"):
        await world.take(asked("more"))
    with pytest.raises(TooManyHeld):
        await world.desk.follow(TENANT, held[0].job_id)
    assert len(world.sent) == TENANT.most_held
    await held[0].leave(hung_up=False)
    await world.take(asked("more"))


async def test_a_gateway_holds_so_many_requests_and_no_more(world: World) -> None:
    for number in range(MOST):
        await world.take(asked(tenant=Tenant(f"tenant-{number}")))
    with pytest.raises(TooManyHeld, match="this gateway holds 5"):
        await world.take(asked(tenant=OTHER))


async def test_requests_that_come_at_once_are_counted_too(world: World) -> None:
    taking = [asyncio.ensure_future(world.take(asked(str(number)))) for number in range(10)]
    await settle()
    refused = [each for each in taking if isinstance(each.exception(), TooManyHeld)]
    assert len(refused) == 10 - TENANT.most_held
    assert len(world.sent) == TENANT.most_held


@pytest.mark.parametrize("what", ["bucket", "queue"])
async def test_a_request_that_was_not_taken_takes_no_room(world: World, what: str) -> None:
    for _ in range(2 * MOST):
        if what == "bucket":
            world.store.error = DOWN
        else:
            world.queues.errors.append((DOWN, False))
        with pytest.raises(PoolUnreachable):
            await world.take(asked())
        with pytest.raises((PoolUnreachable, UnknownJob)):
            await world.desk.follow(TENANT, "none")
    assert world.desk.rooms.held == 0


# Following, standing, cancelling


@pytest.mark.parametrize("call", ["follow", "standing", "cancel", "forget"])
@pytest.mark.parametrize("job_id", ["theirs", "none", "../pool", "x" * 200, ""])
async def test_nothing_of_anybody_else_is_found(world: World, call: str, job_id: str) -> None:
    held = await world.take(asked())
    await settle()
    for desk in (world.desk, world.another()):
        with pytest.raises(UnknownJob):
            await getattr(desk, call)(OTHER, held.job_id if job_id == "theirs" else job_id)
    assert not world.is_cancelled(held.job_id)


async def test_an_owner_that_nobody_can_read_is_nobody(world: World) -> None:
    world.store.put(PLACE.owner("strange"), b"[]")
    with pytest.raises(UnknownJob):
        await world.desk.standing(TENANT, "strange")


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_a_job_is_followed_from_anywhere(world: World, where: str) -> None:
    first = await world.take(asked())
    await settle()
    desk: HeldDesk = world.desk if where == "here" else world.another()
    followed = await desk.follow(TENANT, first.job_id)
    world.commit(first.job_id)
    await world.clock.advance(LOOK_SECONDS)
    assert isinstance(await followed.ended(), Ended)


async def test_a_result_that_is_there_is_told_at_once_to_who_follows(world: World) -> None:
    first = await world.take(asked())
    await settle()
    world.commit(first.job_id)
    assert isinstance(await (await world.another().follow(TENANT, first.job_id)).ended(), Ended)


async def test_a_standing_is_what_is_known(world: World) -> None:
    held = await world.take(asked())
    assert (await world.desk.standing(TENANT, held.job_id)).status == "queued"
    worker = world.worker(held.job_id)
    assert (await world.desk.standing(TENANT, held.job_id)).status == "running"
    worker.close()
    assert (await world.desk.cancel(TENANT, held.job_id)).status == "cancelling"
    assert world.is_cancelled(held.job_id)
    for desk in (world.desk, world.another()):
        assert (await desk.standing(TENANT, held.job_id)).status == "cancelling"
    world.commit(held.job_id)
    standing = await world.desk.cancel(TENANT, held.job_id)
    assert (standing.status, standing.result and standing.result.text) == ("succeeded", "Paris.")
    assert standing.model == MODEL.name
    assert standing.came
    assert abs(standing.came - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("when", ["before its end", "after it"])
async def test_what_is_forgotten_is_told_nowhere(world: World, when: str) -> None:
    ended = when == "after it"
    held = await world.take(asked())
    await settle()
    if ended:
        world.commit(held.job_id)
    with pytest.raises(UnknownJob):
        await world.desk.forget(OTHER, held.job_id)
    await world.desk.forget(TENANT, held.job_id)
    for desk in (world.desk, world.another()):
        for call in (desk.standing, desk.follow, desk.cancel, desk.forget):
            with pytest.raises(UnknownJob):
                await call(TENANT, held.job_id)
    assert world.is_cancelled(held.job_id) is not ended
    assert (PLACE.result(held.job_id) in world.store.objects) is ended


async def test_what_has_its_result_is_not_cancelled(world: World) -> None:
    held = await world.take(asked())
    world.commit(held.job_id)
    await world.desk.cancel(TENANT, held.job_id)
    assert not world.is_cancelled(held.job_id)


async def test_a_lane_tells_how_many_wait(world: World) -> None:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/fast"
    world.queues.counts[url] = Figures(queued=3, running=1, delayed=2)
    assert await world.desk.waiting("fast") == 5
    assert await world.desk.waiting("none") is None
    world.queues.counts[url] = Figures(queued=9, running=1, delayed=2)
    assert await world.desk.waiting("fast") == 5
    await world.clock.advance(60)
    assert await world.desk.waiting("fast") == 11
    await world.clock.advance(60)
    world.store.error = DOWN
    assert await world.desk.waiting("fast") is None


# Shutting down


async def test_a_gateway_that_stops_lets_streams_go_on_and_then_names_their_jobs(world: World) -> None:
    short, long = await world.take(asked("short")), await world.take(asked("long"))
    client = Client(long)
    draining = asyncio.ensure_future(world.desk.drain(30))
    await world.clock.advance(10)
    worker = world.worker(long.job_id)
    worker.add(said("Par"))
    assert texts(await client.all()) == "Par"
    world.commit(short.job_id)
    await world.clock.advance(LOOK_SECONDS)
    assert isinstance(await short.ended(), Ended)
    await short.leave(hung_up=False)
    await world.clock.advance(20)
    await draining
    end = (await client.all())[-1]
    assert isinstance(end, Broken)
    assert long.job_id in end.message
    assert worker.unwanted.is_set()
    await long.leave(hung_up=True)
    await world.clock.advance(LONG)
    assert not world.is_cancelled(long.job_id)


async def test_a_gateway_that_holds_nothing_stops_at_once(world: World) -> None:
    await asyncio.wait_for(world.desk.drain(30), 5)
