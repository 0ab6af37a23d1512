from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from laneway.client.compose import compose, instance_of
from laneway.schema.job.job import InvalidJob
from laneway_worker.answer.checking import compiled
from laneway_worker.answer.grammars import for_ollama


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    due: date
    at: datetime
    amount: Decimal
    id: UUID
    colour: Colour
    pair: tuple[int, str]
    tags: frozenset[str]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]


class Owner(BaseModel):
    pets: list[Cat | Dog]
    friend: Owner | None = None


@dataclass
class Point:
    x: int
    y: float = 0.0


class Typed(TypedDict):
    name: str


ANSWERS: list[tuple[Any, Any, Any]] = [
    (Point, {"x": 1}, Point(1)),
    (Typed, {"name": "a"}, {"name": "a"}),
    (list[Point], [{"x": 1, "y": 2}], [Point(1, 2.0)]),
    (dict[str, int], {"a": 1}, {"a": 1}),
    (Literal["a", "b"], "b", "b"),
    (Colour, "red", Colour.RED),
    (date, "2026-11-28", date(2026, 11, 28)),
    (int | None, None, None),
    (Owner, {"pets": [{"kind": "dog"}], "friend": {"pets": []}}, Owner(pets=[Dog(kind="dog")], friend=Owner(pets=[]))),
    (
        Strict,
        {
            "due": "2026-11-28",
            "at": "2026-11-28T12:00:00Z",
            "amount": "12.50",
            "id": "12345678-1234-5678-1234-567812345678",
            "colour": "blue",
            "pair": [1, "a"],
            "tags": ["x"],
        },
        Strict(
            due=date(2026, 11, 28),
            at=datetime(2026, 11, 28, 12, tzinfo=UTC),
            amount=Decimal("12.50"),
            id=UUID("12345678-1234-5678-1234-567812345678"),
            colour=Colour.BLUE,
            pair=(1, "a"),
            tags=frozenset("x"),
        ),
    ),
]


@pytest.mark.parametrize(("returns", "answer", "value"), ANSWERS, ids=lambda each: str(each)[:40])
def test_an_answer_comes_back_as_the_type_that_was_asked_for(returns: Any, answer: Any, value: Any) -> None:
    assert instance_of(returns, answer) == value


@pytest.mark.parametrize(("returns", "answer"), [each[:2] for each in ANSWERS], ids=lambda each: str(each)[:40])
def test_a_worker_can_serve_the_schema_of_such_a_type(returns: Any, answer: Any) -> None:
    wanted = compose("p", {}, returns).format
    assert isinstance(wanted, dict)
    assert for_ollama(wanted)
    compiled(wanted)(json.dumps(answer))


@pytest.mark.parametrize("returns", [object(), open])
def test_what_is_no_type_is_told(returns: Any) -> None:
    with pytest.raises(InvalidJob, match="is no type that an answer can be"):
        compose("p", {}, returns)
