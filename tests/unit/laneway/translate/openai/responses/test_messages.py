from __future__ import annotations

from typing import Any

import pytest

from support.doors.translated import ENDPOINTS
from support.inputs.offers import MODEL, OFFERS

CALL = {"type": "function_call", "call_id": "c", "name": "a", "arguments": '{"x": 1}'}
CALLED = {"id": "c", "function": {"name": "a", "arguments": {"x": 1}}}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}]}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}
SAID = {
    "role": "assistant",
    "content": [{"type": "output_text", "text": "x", "annotations": []}],
    "id": "m",
    "status": "completed",
}


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        ("hi", [{"role": "user", "content": "hi"}]),
        ([{"role": "developer", "content": "s"}], [{"role": "system", "content": "s"}]),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "a"},
                        {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
                    ],
                }
            ],
            [{"role": "user", "content": "a", "images": ["iVBORw0KGgo="]}],
        ),
        ([THOUGHT, SAID], [{"role": "assistant", "content": "x", "thinking": "t"}]),
        ([THOUGHT, CALL], [{"role": "assistant", "content": "", "thinking": "t", "tool_calls": [CALLED]}]),
        ([{"type": "reasoning", "summary": [], "content": None}, SAID], [{"role": "assistant", "content": "x"}]),
        (
            [{"type": "function_call_output", "call_id": "?", "output": [IMAGE]}],
            [{"role": "tool", "content": "", "images": ["iVBORw0KGgo="], "tool_call_id": "?"}],
        ),
        ([SAID, CALL], [{"role": "assistant", "content": "x", "tool_calls": [CALLED]}]),
        ([SAID, SAID], [{"role": "assistant", "content": "x"}, {"role": "assistant", "content": "x"}]),
        (
            [CALL, {"type": "function_call_output", "call_id": "c", "output": "r"}],
            [
                {"role": "assistant", "content": "", "tool_calls": [CALLED]},
                {"role": "tool", "content": "r", "tool_call_id": "c", "tool_name": "a"},
            ],
        ),
    ],
)
def test_items_become_messages(given: Any, messages: list[dict[str, Any]]) -> None:
    made = ENDPOINTS["/v1/responses"]({"model": MODEL, "input": given, "instructions": "i"}, OFFERS)
    assert made.body["messages"] == [{"role": "system", "content": "i"}, *messages]
    assert made.ignored == ()
