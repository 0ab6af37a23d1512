from __future__ import annotations

import pytest

from support.doors.translated import OUTPUT, becomes, recorded, text_of

REFUSED = {("openai-python", "chat of two answers"), ("openai-python", "embeddings of tokens")}


@pytest.mark.parametrize("client", recorded())
def test_what_real_clients_ask_becomes_what_is_written_down(client: str) -> None:
    assert text_of(client) == (OUTPUT / f"{client}.json").read_text()


def test_of_what_real_clients_ask_two_requests_are_refused() -> None:
    found = {(client, name) for client, calls in recorded().items() for name in calls if _refused(client, name)}
    assert found == REFUSED


def _refused(client: str, name: str) -> bool:
    return "refused" in becomes(**recorded()[client][name])
