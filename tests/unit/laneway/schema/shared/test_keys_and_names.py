from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.job.keys import Place
from laneway.schema.shared.base import duration_seconds, duration_text
from laneway.schema.shared.names import SUFFIX_CHARACTERS, dead_letter_queue_name, queue_name, tagged, topic_name
from support.inputs.jobs import PROPERTY

LONGEST_READABLE = 9999 * 3600 + 3599
MAX_QUEUE_NAME = 80  # SQS
MAX_TOPIC_NAME = 256  # SNS


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Place(bucket="b", prefix="p/").result("a"), "p/results/a.json"),
        (Place(bucket="b", prefix="p/").job("a"), "p/jobs/a.json"),
        (Place(bucket="b", prefix="p/").cancel("a"), "p/cancels/a.json"),
        (Place(bucket="b", prefix="p/").output("a", "cafe"), "p/a.cafe.json"),
        (Place(bucket="b", prefix="p/").pool_document(), "p/pool.json"),
        (Place(bucket="b", prefix="p/").model_facts("fast"), "p/models/fast.json"),
        (Place(bucket="b", prefix="p/").worker_report("fast", "w-1"), "p/workers/fast/w-1.json"),
        (Place(bucket="b", prefix="p/").worker_reports("fast"), "p/workers/fast/"),
        (Place(bucket="b", prefix="p/").lane_estimate("fast"), "p/estimates/fast.json"),
        (Place(bucket="b").result("a"), "results/a.json"),
        (Place(bucket="b").pool_document(), "pool.json"),
        (Place(bucket="b", prefix="p/").url("p/results/a.json"), "s3://b/p/results/a.json"),
    ],
)
def test_keys(key: str, expected: str) -> None:
    assert key == expected


def test_names_of_queues_and_topics() -> None:
    assert queue_name("documents", "fast", "ab2c7") == "laneway-documents-fast-ab2c7"
    assert dead_letter_queue_name("documents", "fast", "ab2c7") == "laneway-documents-fast-ab2c7-dead"
    assert topic_name("documents", "ab2c7") == "laneway-documents-ab2c7"


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("gemma3", "gemma3:latest"),
        ("localhost:5000/nlp/gemma3", "localhost:5000/nlp/gemma3:latest"),
        ("registry.example:5000/nlp/gemma3:4b", "registry.example:5000/nlp/gemma3:4b"),
        ("registry.example/library/gemma3", "registry.example/library/gemma3:latest"),
        ("library/gemma3:4b", "gemma3:4b"),
        ("registry.ollama.ai/library/gemma3", "gemma3:latest"),
        ("Registry.Ollama.ai/acme/gemma3:4b", "acme/gemma3:4b"),
        ("acme/library:4b", "acme/library:4b"),
    ],
)
def test_a_model_is_called_as_ollama_lists_it(model: str, listed: str) -> None:
    assert tagged(model) == listed


def test_the_longest_names_fit_aws() -> None:
    suffix = "s" * SUFFIX_CHARACTERS
    assert len(dead_letter_queue_name("p" * 40, "l" * 20, suffix)) <= MAX_QUEUE_NAME
    assert len(topic_name("p" * 40, suffix)) <= MAX_TOPIC_NAME


@PROPERTY
@given(st.integers(0, LONGEST_READABLE))
def test_a_duration_reads_back_as_written(seconds: int) -> None:
    assert duration_seconds(duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h0m5s", 3605), ("24h", 86_400), ("90m", 5400)],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (60, "1m"), (90, "1m30s"), (3600, "1h"), (3605, "1h5s")]
)
def test_a_duration_is_written_short(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", " 5m", "5m ", "5m\n", "-5m", "1.5h", "30s1m", "5d", "1h1h"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="90s, 5m or 1h30m"):
        duration_seconds(text)
