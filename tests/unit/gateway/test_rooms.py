from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway_gateway.errors import Stopping, TooManyHeld, TooMuchHeld
from laneway_gateway.rooms import Memory, Rooms

MOST = 1200


def filled(memory: Memory, tenant: str) -> int:
    """How much a tenant gets who takes as much as there is."""
    share = memory.share(tenant)
    while True:
        try:
            share.reach(share.size + 1)
        except TooMuchHeld:
            return share.size


@pytest.mark.parametrize("others", [0, 1, 2, 3])
def test_each_of_several_has_as_much_as_is_left(others: int) -> None:
    memory = Memory(MOST)
    for number in range(others):
        memory.share(f"other-{number}").reach(MOST // (others + 2))
    assert filled(memory, "claims") == MOST // (others + 2)


def test_who_comes_next_finds_room_whoever_has_filled_theirs() -> None:
    memory = Memory(MOST)
    filled(memory, "claims")
    assert filled(memory, "payroll") == MOST // 4
    assert filled(memory, "claims") == 0


def test_why_is_told_with_what_to_do() -> None:
    with pytest.raises(TooMuchHeld, match=r"of the key claims .* try again shortly, or send fewer large ones at once"):
        Memory(MOST).share("claims").reach(MOST)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, MOST), st.booleans()), max_size=30))
def test_what_can_be_refused_never_takes_more_than_there_is_and_all_of_it_comes_back(
    steps: list[tuple[str, int, bool]],
) -> None:
    memory = Memory(MOST)
    shares = []
    for tenant, size, goes in steps:
        share = memory.share(tenant)
        shares.append(share)
        try:
            share.reach(size)
        except TooMuchHeld:
            assert share.size == 0
        if goes:
            share.release()
        assert memory.taken <= MOST
    for each in shares:
        each.release()
    assert memory.taken == 0


def test_what_is_there_already_is_counted_and_keeps_others_out_of_half() -> None:
    memory = Memory(MOST)
    answer = memory.share("claims")
    answer.become(2 * MOST)
    with pytest.raises(TooMuchHeld):
        memory.share("claims").reach(1)
    with pytest.raises(TooMuchHeld):
        memory.share("payroll").reach(MOST // 4 + 1)
    memory.share("payroll").reach(MOST // 4)
    answer.release()
    memory.share("claims").reach(1)


def test_what_is_gone_takes_nothing_any_more() -> None:
    memory = Memory(MOST)
    share = memory.share("claims")
    share.reach(7)
    share.release()
    share.release()
    share.become(9)
    assert memory.taken == 0


def test_a_room_is_released_once_with_its_memory() -> None:
    rooms = Rooms(2, Memory(MOST))
    with rooms.enter("claims", 2) as room, rooms.enter("claims", 2):
        room.memory.reach(7)
        room.release()
        assert (rooms.held, rooms.memory.taken) == (1, 0)
    assert rooms.held == 0


def test_there_are_so_many_rooms_for_a_tenant_and_for_all() -> None:
    rooms = Rooms(2, Memory(MOST))
    rooms.enter("claims", 1)
    with pytest.raises(TooManyHeld, match="1 requests of the key claims"):
        rooms.enter("claims", 1)
    rooms.enter("payroll", 1)
    with pytest.raises(TooManyHeld, match="holds 2 requests already"):
        rooms.enter("third", 1)


def test_who_is_closed_takes_nobody() -> None:
    rooms = Rooms(2, Memory(MOST))
    rooms.closed = True
    with pytest.raises(Stopping, match="another one takes it"):
        rooms.enter("claims", 1)
