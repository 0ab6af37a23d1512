from __future__ import annotations

from typing import Any

import pytest

from laneway_worker.adapters.ollama.slots import at_once

MS = 1_000_000


def record(wait: float, prompt: float, answer: float, load: float = 0) -> dict[str, Any]:
    """Of milliseconds."""
    whole = load + wait + prompt + answer
    parts = {"total": whole, "load": load, "prompt_eval": prompt, "eval": answer}
    return {f"{name}_duration": int(each * MS) for name, each in parts.items()}


# Ollama 0.32.15 and 0.11.4, four requests for SmolLM2 and Gemma on two busy cores, so many slots.
ONE = [record(625, 60, 407), record(2, 80, 550), record(1277, 40, 243), record(1014, 40, 246)]
TWO = [record(2, 80, 1184), record(1153, 80, 1195), record(36, 80, 1178), record(1121, 80, 1173)]
FOUR = [record(3, 80, 2684), record(38, 80, 2775), record(38, 80, 2775), record(171, 80, 2671)]


@pytest.mark.parametrize(("records", "slots"), [(ONE, 1), (TWO, 2), (FOUR, 4), ([record(9, 5, 90)], 1)])
def test_who_has_a_slot_waits_for_nobody(records: list[dict[str, Any]], slots: int) -> None:
    assert at_once(records) == slots


def test_a_model_that_is_loaded_meanwhile_is_no_wait() -> None:
    assert at_once([record(1, 60, 400, load=5000), record(3, 60, 400, load=4990)]) == 2


def test_where_somebody_else_has_all_slots_there_is_one_all_the_same() -> None:
    assert at_once([record(5000, 60, 400), record(6000, 60, 400)]) == 1


@pytest.mark.parametrize("records", [[], [{}], [record(1, 5, 5), {}], [{"eval_duration": "7"}], [record(1, 0, 0)]])
def test_records_without_times_tell_nothing(records: list[dict[str, Any]]) -> None:
    assert at_once(records) is None
