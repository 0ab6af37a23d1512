"""Hypothesis strategies for jobs and for what is almost a job."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from laneway.schema.job.fields.chat import Message, Tool, ToolCall, ToolCallFunction, ToolFunction
from laneway.schema.job.fields.options import Options
from laneway.schema.job.job import Job

EXAMPLES = 20_000 if "LANEWAY_FUZZ" in os.environ else 200  # `make fuzz` takes its time
PROPERTY = settings(max_examples=EXAMPLES, deadline=None, database=None)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NON_EMPTY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**28), max_value=10**28)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8
)
JSON_OBJECTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(TEXT, JSON_VALUES, max_size=4)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", fullmatch=True)
ALIASES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
BASE64 = st.binary(min_size=1, max_size=20).map(lambda data: base64.b64encode(data).decode())
IMAGES = st.lists(BASE64, min_size=1, max_size=3)
PLAIN = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"))
LABELS = st.dictionaries(st.text(PLAIN, min_size=1, max_size=20), st.text(PLAIN, max_size=20), max_size=16)
ZONES = st.just(UTC) | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2199, 12, 30), timezones=ZONES)  # noqa: DTZ001 - Hypothesis wants naive bounds beside its timezones


def _floats(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high)


def _ints(low: int, high: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(low, high)


OPTIONS = st.builds(
    Options,
    num_predict=_ints(1, 131_072),
    temperature=_floats(0, 5),
    seed=_ints(-(2**31), 2**31 - 1),
    top_k=_ints(0, 100_000),
    top_p=_floats(0, 1),
    min_p=_floats(0, 1),
    typical_p=_floats(0, 1),
    repeat_last_n=_ints(-1, 131_072),
    repeat_penalty=_floats(0, 10),
    presence_penalty=_floats(-2, 2),
    frequency_penalty=_floats(-2, 2),
    mirostat=_ints(0, 2),
    mirostat_eta=_floats(0, 10),
    mirostat_tau=_floats(0, 100),
    num_keep=_ints(0, 131_072),
    stop=st.none() | st.lists(NON_EMPTY, max_size=16),
)
TOOL_CALLS = st.builds(
    ToolCall,
    function=st.builds(
        ToolCallFunction,
        name=NON_EMPTY,
        arguments=JSON_OBJECTS,
        index=_ints(0, 1024),
        description=st.none() | TEXT,
    ),
    id=st.none() | TEXT,
    type=st.none() | st.just("function"),
)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=TEXT,
    thinking=st.none() | TEXT,
    images=st.none() | IMAGES,
    tool_calls=st.none() | st.lists(TOOL_CALLS, max_size=2),
    tool_name=st.none() | TEXT,
    tool_call_id=st.none() | TEXT,
)
TOOLS = st.builds(Tool, function=st.builds(ToolFunction, name=NON_EMPTY, description=TEXT, parameters=JSON_OBJECTS))
THINK = st.none() | st.booleans() | st.sampled_from(["low", "medium", "high", "max"])
FORMATS = st.none() | st.just("json") | JSON_OBJECTS


def _jobs_of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Job]:
    everywhere: dict[str, st.SearchStrategy[Any]] = {
        "id": st.none() | IDS,
        "model": st.none() | NON_EMPTY,
        "options": st.none() | OPTIONS,
        "destination": st.none() | ALIASES,
        "expires_at": st.none() | TIMES,
        "labels": st.none() | LABELS,
    }
    return st.builds(Job, **everywhere, **fields)


PROMPT_JOBS = _jobs_of(
    prompt=NON_EMPTY, raw=st.sampled_from([None, False]), system=st.none() | TEXT, images=st.none() | IMAGES,
    think=THINK, format=FORMATS,
)  # fmt: skip
RAW_JOBS = _jobs_of(prompt=NON_EMPTY, raw=st.sampled_from([True]), format=FORMATS)
CHAT_JOBS = _jobs_of(
    messages=st.lists(MESSAGES, min_size=1, max_size=3),
    tools=st.none() | st.lists(TOOLS, min_size=1, max_size=2),
    think=THINK,
    format=FORMATS,
)
EMBED_JOBS = _jobs_of(input=NON_EMPTY | st.lists(NON_EMPTY, min_size=1, max_size=4), dimensions=_ints(1, 4096))
JOBS = PROMPT_JOBS | RAW_JOBS | CHAT_JOBS | EMBED_JOBS


@st.composite
def mutated(draw: st.DrawFn, bodies: st.SearchStrategy[bytes]) -> bytes:
    """A body of which a few bytes were replaced, dropped or added."""
    body = bytearray(draw(bodies))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(body)))
        gone = draw(st.integers(0, 3))
        body[at : at + gone] = draw(st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"]", b"\\", b",", b"null"]))
    return bytes(body)
