from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from laneway.translate.pieces import Call, Piece, piece_of
from laneway_gateway.desk import Record, Started
from laneway_gateway.held.stream.said import START, Said, record_of
from laneway_gateway.held.stream.telling import Differs, Heard, Telling
from laneway_gateway.ports.streams import OlderWriter, Order

FIRST = Order(1, 1)


def says(telling: Telling, *texts: str) -> None:
    for each in texts:
        telling.record({"response": each, "done": False})


def heard_by(telling: Telling, heard: Heard) -> str:
    return "".join(each.fields["response"] for each in telling.news(heard) if isinstance(each, Record))


def telling_of(*texts: str, order: Order = FIRST) -> Telling:
    telling = Telling()
    telling.open(order)
    says(telling, *texts)
    return telling


def test_what_was_told_is_heard_once_and_whoever_comes_late_hears_all() -> None:
    telling, early = telling_of("Par"), Heard()
    assert heard_by(telling, early) == "Par"
    says(telling, "is", ".")
    assert heard_by(telling, early) == "is."
    assert heard_by(telling, early) == ""
    assert heard_by(telling, Heard()) == "Paris."


def test_each_attempt_is_told_once() -> None:
    telling, heard = telling_of(), Heard()
    telling.started(1)
    assert telling.news(heard) == [Started(1)]
    assert telling.news(heard) == []
    telling.started(2)
    assert telling.news(heard) == [Started(2)]


@pytest.mark.parametrize("order", [Order(1, 2), Order(2, 1), Order(1, 3)])
def test_an_older_writer_is_refused_even_when_the_newer_one_is_gone(order: Order) -> None:
    telling = telling_of(order=Order(2, 2))
    with pytest.raises(OlderWriter):
        telling.open(order)
    telling.close()
    with pytest.raises(OlderWriter):
        telling.open(order)


def test_of_two_writers_of_one_order_the_first_one_writes_as_long_as_it_is_there() -> None:
    telling = telling_of("Par")
    with pytest.raises(OlderWriter):
        telling.open(Order(1, 1))
    telling.close()
    telling.open(Order(1, 1))


def test_whoever_takes_up_what_was_given_back_may_have_received_it_more_rarely() -> None:
    telling = telling_of(order=Order(1, 5))
    telling.again()
    telling.close()
    telling.open(Order(1, 1))


def test_an_attempt_goes_on_where_it_begins_with_what_was_heard() -> None:
    telling, heard = telling_of("Par", "is"), Heard()
    heard_by(telling, heard)
    telling.again()
    telling.close()
    telling.open(Order(2, 1))
    says(telling, "P")
    assert heard_by(telling, heard) == ""
    says(telling, "aris is", " it")
    assert heard_by(telling, heard) == " is it"


def test_an_attempt_that_begins_otherwise_breaks_off_who_heard_the_other_one() -> None:
    telling, heard, deaf = telling_of("Paris"), Heard(), Heard()
    heard_by(telling, heard)
    telling.open(Order(2, 1))
    says(telling, "Pa", "lermo")
    with pytest.raises(Differs):
        telling.news(heard)
    with pytest.raises(Differs):
        telling.rest(heard, Piece("Paris"))
    assert heard_by(telling, deaf) == "Palermo"


def test_what_nobody_heard_binds_no_attempt() -> None:
    telling, heard = telling_of("Paris"), Heard()
    telling.again()
    telling.close()
    telling.open(Order(2, 1))
    says(telling, "Rome")
    assert heard_by(telling, heard) == "Rome"


def test_a_result_gives_the_rest_of_what_was_not_told() -> None:
    telling, heard = telling_of("Par"), Heard()
    heard_by(telling, heard)
    assert telling.rest(heard, Piece("Paris.")) == Piece("is.")


@pytest.mark.parametrize("answer", ["Pa", "Rome", ""])
def test_a_result_that_does_not_begin_with_what_was_heard_differs(answer: str) -> None:
    telling, heard = telling_of("Par"), Heard()
    heard_by(telling, heard)
    with pytest.raises(Differs):
        telling.rest(heard, Piece(answer))


def test_thinking_and_calls_are_compared_too() -> None:
    call = Call("weather", {"city": "Paris"}, "1")
    telling, heard = Telling(), Heard()
    telling.open(Order(1, 1))
    telling.record(record_of(Piece("", "hm", (call,)), chat=True))
    telling.news(heard)
    assert telling.rest(heard, Piece("Hot.", "hm", (call,))) == Piece("Hot.")
    with pytest.raises(Differs):
        telling.rest(heard, Piece("Hot.", "hm"))
    with pytest.raises(Differs):
        telling.rest(heard, Piece("Hot.", "ah", (call,)))


@pytest.mark.parametrize("chat", [True, False])
def test_a_piece_is_read_back_from_its_record(*, chat: bool) -> None:
    calls = (Call("weather", {"city": "Paris"}, "1"), Call("now", {})) if chat else ()
    piece = Piece("é", "hm \ud83d", calls)
    assert piece_of(record_of(piece, chat=chat)) == piece


TEXTS = st.text("ab", max_size=3)


class OneStream(RuleBasedStateMachine):
    """Workers and clients do anything in any order: no client ever hears what the end does not bear out."""

    @initialize()
    def begin(self) -> None:
        self.telling = Telling()
        self.clients: dict[int, tuple[Heard, Said]] = {}
        self.broken: set[int] = set()
        self.newest = Order(0, 0)
        self.told = Said()
        """By the present writer."""

    @rule(attempt=st.integers(1, 3), receives=st.integers(1, 3))
    def open(self, attempt: int, receives: int) -> None:
        order = Order(attempt, receives)
        older = order < self.newest or (order == self.newest and self.telling.writing)
        try:
            self.telling.open(order)
        except OlderWriter:
            assert older
            return
        assert not older
        self.newest, self.told = order, Said()

    @precondition(lambda self: self.telling.writing)
    @rule(text=TEXTS, thinking=TEXTS)
    def say(self, text: str, thinking: str) -> None:
        piece = Piece(text, thinking)
        self.told.add(piece)
        self.telling.record(record_of(piece, chat=True))

    @precondition(lambda self: self.telling.writing)
    @rule()
    def give_up(self) -> None:
        self.telling.again()
        self.telling.close()
        self.newest, self.told = Order(self.newest.attempt, 0), Said()

    @rule()
    def cut(self) -> None:
        self.telling.close()

    @rule(client=st.integers(0, 2))
    def hear(self, client: int) -> None:
        if client in self.broken:
            return
        heard, ears = self.clients.setdefault(client, (Heard(), Said()))
        try:
            news = self.telling.news(heard)
        except Differs:
            assert ears.position != START
            self.broken.add(client)
            return
        for each in news:
            if isinstance(each, Record):
                ears.add(piece_of(each.fields))

    @invariant()
    def everybody_has_heard_beginnings_of_one_telling(self) -> None:
        for client, (heard, ears) in getattr(self, "clients", {}).items():
            assert heard.position == ears.position
            if client not in self.broken and heard.telling == self.telling._telling:
                assert ears.agrees(self.told)

    @rule(text=TEXTS, thinking=TEXTS, begins=st.booleans(), client=st.integers(0, 2))
    def judge(self, *, text: str, thinking: str, begins: bool, client: int) -> None:
        """The rest is told exactly where the result begins with what was heard."""
        heard, ears = self.clients.get(client, (Heard(), Said()))
        start: Any = ears.after(START) if begins else Piece()
        answer = Piece(start.text + text, start.thinking + thinking)
        try:
            rest = self.telling.rest(heard, answer)
        except Differs:
            beginning = ears.agrees(Said(answer)) and Said(answer).position >= ears.position
            assert client in self.broken or heard.telling != self.telling._telling or not (beginning and begins)
            return
        whole = Said(ears.after(START), rest)
        assert whole.after(START) == answer


TestOneStream = OneStream.TestCase
