from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.pool.lane import Placement, Scaling
from laneway.schema.pool.pool import parse_pool
from laneway.schema.shared.base import DURATION_PATTERN, duration_seconds, duration_text
from laneway.schema.shared.names import SUFFIX_CHARACTERS, dead_letter_queue_name, queue_name
from laneway_operator.queues.managed import managed_queue
from support.inputs.pools import named, pool_with
from support.operator.in_memory import CLUSTER_ID

SQS_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
LONGEST, SHORTEST = 18, 2


def is_written_as_a_duration(text: str) -> bool:
    """What the JSON Schema says; its `$` is the end of the text, as in ECMAScript and Go."""
    pattern = DURATION_PATTERN.removesuffix("$") + r"\Z"
    return SHORTEST <= len(text) <= LONGEST and re.search(pattern, text) is not None


def is_read_as_a_duration(text: str) -> bool:
    try:
        duration_seconds(text)
    except ValueError:
        return False
    return True


def test_a_lane_scales_from_nothing_to_one_by_default() -> None:
    scaling = parse_pool(pool_with()).spec.lanes[0].scaling
    assert scaling.polling_interval == 5
    assert (scaling.min_replicas, scaling.max_replicas, scaling.jobs_per_replica, scaling.cooldown) == (0, 1, 4, 300)


def test_a_lane_names_no_profile_by_default() -> None:
    assert parse_pool(pool_with()).spec.lanes[0].placement is None


def test_scaling_and_placement_read_back_as_written() -> None:
    written = {
        "minReplicas": 2,
        "maxReplicas": 8,
        "jobsPerReplica": 10,
        "cooldown": "1m30s",
        "pollingInterval": "30s",
        "scaleIn": {"percent": 50, "period": "2m"},
    }
    lane = parse_pool(pool_with(lane={"scaling": written, "placement": {"profiles": ["g5"]}})).spec.lanes[0]
    assert lane.scaling == Scaling.model_validate(written)
    assert lane.scaling.model_dump(by_alias=True) == written
    assert lane.placement == Placement(profiles=("g5",))


def part(unit: str, digits: int) -> st.SearchStrategy[str]:
    """A number of so many digits at most with its unit, or nothing."""
    return st.just("") | st.integers(0, 10**digits - 1).map(lambda number: f"{number}{unit}")


PARTS = st.tuples(part("h", 5), part("m", 6), part("s", 7)).map("".join)
"""Durations, and such with a digit too many."""


@given(text=st.one_of(PARTS, st.text("0159hms d.-\n", max_size=20), st.text(max_size=20)))
def test_the_published_pattern_accepts_exactly_what_is_read(text: str) -> None:
    assert is_written_as_a_duration(text) == is_read_as_a_duration(text)


@given(seconds=st.integers(0, 9999 * 3600))
def test_every_duration_that_is_written_can_be_read(seconds: int) -> None:
    text = duration_text(seconds)
    assert duration_seconds(text) == seconds
    assert is_written_as_a_duration(text)


@pytest.mark.parametrize("text", ["9999h99999m999999s", "0s", "00s"])
def test_the_edges_of_the_pattern_can_be_read(text: str) -> None:
    assert is_written_as_a_duration(text)
    assert is_read_as_a_duration(text)


def test_the_longest_names_of_queues_fit_sqs() -> None:
    pool, lane, suffix = "p" * 40, "l" * 20, "s" * SUFFIX_CHARACTERS
    assert len(dead_letter_queue_name(pool, lane, suffix)) == 80
    assert SQS_NAME.fullmatch(queue_name(pool, lane, suffix))


def test_a_queue_is_named_for_its_pool_lane_and_cluster() -> None:
    pool = parse_pool(named(pool_with()))
    ours, theirs = (managed_queue(each, pool, pool.spec.lanes[0], "eu-west-1") for each in (CLUSTER_ID, "another"))
    assert re.fullmatch(r"laneway-documents-default-[a-z2-7]{5}", ours.name)
    assert ours.dead_letter_name == f"{ours.name}-dead"
    assert ours.name != theirs.name
    assert ours.owner == f"{CLUSTER_ID}/nlp/documents/default"


def test_a_pool_that_is_deleted_and_made_again_finds_its_queue() -> None:
    one, other = (parse_pool(named(pool_with(lane={"parallel": parallel}))) for parallel in (1, 2))
    queues = {managed_queue(CLUSTER_ID, each, each.spec.lanes[0], "eu-west-1") for each in (one, other)}
    assert len(queues) == 1


@pytest.mark.parametrize(
    ("namespace", "name"), [("other", "documents"), ("nlp", "other")], ids=["another namespace", "another name"]
)
def test_pools_share_no_queue(namespace: str, name: str) -> None:
    one, other = parse_pool(named(pool_with())), parse_pool(named(pool_with(), name, namespace))
    names = {managed_queue(CLUSTER_ID, each, each.spec.lanes[0], "eu-west-1").name for each in (one, other)}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("expires_after", "days"), [("1m", 1 + 1 / 1440), ("24h", 2), ("311h", 13.958333333333334), ("312h", 14)]
)
def test_messages_are_kept_a_day_longer_than_jobs_live(expires_after: str, days: float) -> None:
    pool = parse_pool(pool_with(lane={"limits": {"timeout": "1s", "expiresAfter": expires_after}}))
    queue = managed_queue(CLUSTER_ID, pool, pool.spec.lanes[0], "eu-west-1")
    assert queue.retention_seconds == round(days * 86_400)
