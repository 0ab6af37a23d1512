from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, assert_type
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from laneway.client.compose import compose, instance_of
from laneway.schema.job.job import InvalidJob, Job
from laneway_worker.answer.checking import compiled
from laneway_worker.answer.grammars import for_ollama

if TYPE_CHECKING:
    from laneway import JobHandle, Pool


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
    (TypeAdapter(list[date]), ["2026-11-28"], [date(2026, 11, 28)]),
    (Annotated[int, Field(ge=1)], 2, 2),
    (Annotated[Cat | Dog, Field(discriminator="kind")], {"kind": "dog"}, Dog(kind="dog")),
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


class Unfinished(BaseModel):
    later: Nowhere  # type: ignore[name-defined]  # noqa: F821 - it is nowhere, which is the point


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        (object(), "give a pydantic model, a dataclass"),
        (Point(1), "give a pydantic model, a dataclass"),
        ([int], "give a pydantic model, a dataclass"),
        ({"type": "object"}, "give a JSON Schema as format="),
        ({"type": "string", "description": "x" * 500}, "give a JSON Schema as format="),
        (Unfinished, "is not fully defined"),
        ("Point", "is not fully defined"),
        (Callable[[int], str], "JsonSchema"),
        (open, "give a pydantic model, a dataclass"),
    ],
    ids=["object", "instance", "list", "schema", "long schema", "unfinished", "name", "callable", "function"],
)
def test_what_is_no_type_is_told(returns: Any, words: str) -> None:
    with pytest.raises(InvalidJob, match="is no type that an answer can be: ") as caught:
        compose("p", {}, returns)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


if TYPE_CHECKING:  # mypy holds these

    def types_of_answers(pool: Pool) -> None:
        assert_type(pool.submit("p", returns=Point).parsed(), Point)
        assert_type(pool.submit("p", returns=list[Point]).parsed(), list[Point])
        assert_type(pool.submit("p", returns=Annotated[int, Field(ge=1)]).parsed(), Any)
        assert_type(pool.submit("p", returns=Cat | Dog).parsed(), Any)
        assert_type(pool.submit("p").parsed(), Any)
        assert_type(pool.submit_all(["p"], returns=Cat), list[JobHandle[Cat]])
        assert_type([each.parsed() for each in pool.as_completed(pool.submit_all(["p"], returns=Cat))], list[Cat])
        handle: JobHandle = pool.submit(Job(prompt="p"))
        assert_type(handle.parsed(), Any)
