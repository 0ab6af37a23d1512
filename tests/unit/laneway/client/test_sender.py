from __future__ import annotations

import socket

import pytest

from laneway.client.sender import MOST_CHARACTERS, group_of, sender_of


@pytest.mark.parametrize(
    ("given", "environment", "name"),
    [
        ("claims", {"LANEWAY_SENDER": "other"}, "claims"),
        (None, {"LANEWAY_SENDER": "claims"}, "claims"),
        ("", {"LANEWAY_SENDER": "claims"}, "claims"),
    ],
)
def test_the_name_that_was_given_counts(given: str | None, environment: dict[str, str], name: str) -> None:
    assert sender_of(given, environment) == name


def test_by_default_it_is_the_user_and_the_machine() -> None:
    assert sender_of(None, {}).endswith(group_of(socket.gethostname())[-20:])


@pytest.mark.parametrize(
    ("name", "group"),
    [("nlp/claims_1", "nlp/claims_1"), ("team a", "team-a"), ("é\n\x00", "---"), ("a" * 200, "a" * MOST_CHARACTERS)],
)
def test_a_group_is_what_sqs_takes(name: str, group: str) -> None:
    assert group_of(name) == group
