from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.job.job import Job, parse_job
from laneway.translate.ollama import errors as ollama_errors
from laneway.translate.openai import errors as openai_errors
from laneway.translate.openai import requests as openai
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated
from support.doors.translated import ENDPOINTS, recorded
from support.inputs.jobs import JSON_OBJECTS, JSON_VALUES, PROPERTY
from support.inputs.offers import OFFERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    Place = list[str | int]

NAMES = (
    "audio content function image_url include_usage input instructions keep_alive max_tokens messages metadata model n "
    "name num_ctx num_predict options output prompt reasoning response_format role schema seed stop stream temperature "
    "text think tool_calls tool_choice tools type url arguments json_schema model_config __class__ copy"
)
ODD = JSON_VALUES | st.sampled_from(["", "data:image/png;base64,", "{}", "{", "lane:slow", -1, 0, 10**29, 1e300, [[1]]])
REQUESTS = [(each["path"], each["body"]) for calls in recorded().values() for each in calls.values()]
ANY = JSON_VALUES | JSON_OBJECTS | st.dictionaries(st.sampled_from(NAMES.split()), ODD, max_size=8)


def _places(value: Any, here: Place) -> Iterator[Place]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield [*here, name]
        yield from _places(each, [*here, name])


@st.composite
def _bent(draw: st.DrawFn) -> tuple[str, Any]:
    """A real request, with something else in one to three of its places, or a field that nobody knows."""
    path, body = draw(st.sampled_from(REQUESTS))
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from([*_places(body, [])]))
        inner = body
        for step in way:
            inner = inner[step]
        known = draw(st.booleans()) or isinstance(last, int)
        inner[last if known else draw(st.sampled_from(NAMES.split()))] = copy.deepcopy(draw(ODD))  # bent again, maybe
    return path, body


def _made(path: str, body: Any) -> Any:
    try:
        return ENDPOINTS[path](body, OFFERS)
    except Refused as refused:
        return refused


def _check(made: Any) -> None:
    if isinstance(made, Translated):
        assert parse_job(json.dumps(made.body).encode()) == made.job
        assert made.job.model is None
        assert ", ".join(made.ignored).isascii()
    elif isinstance(made, Refused):
        assert str(made)
        assert json.dumps(openai_errors.refusal(made).body)
        assert isinstance(ollama_errors.refusal(made).body["error"], str)


@given(bent=_bent())
@PROPERTY
def test_a_request_that_is_bent_is_a_job_or_a_refusal(bent: tuple[str, Any]) -> None:
    _check(_made(*bent))


@pytest.mark.parametrize("path", ENDPOINTS)
@given(body=ANY)
@PROPERTY
def test_whatever_json_comes_is_a_job_or_a_refusal(path: str, body: Any) -> None:
    _check(_made(path, body))


def test_a_jobs_fields_are_all_that_goes_out() -> None:
    made = openai.chat({"model": "lane:slow", "messages": [{"role": "user", "content": "hi"}]}, OFFERS)
    assert made.lane == "slow"
    assert made.body == {
        "messages": [{"role": "user", "content": "hi"}],
        "options": {"temperature": 1.0, "top_p": 1.0},
    }
    assert Job.model_validate(made.body) == made.job
