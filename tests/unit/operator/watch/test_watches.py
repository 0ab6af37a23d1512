from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from laneway_operator.health.metrics import Metrics
from laneway_operator.health.vitals import WATCH_SECONDS, Vitals
from laneway_operator.watch.watches import LOGIN_SECONDS, SETTLE_SECONDS, Watches, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

JOBS = "/apis/batch/v1/jobs"


class Stream:
    """What a watch is read from."""

    total_bytes = 0


class Answer:
    """In place of aiohttp's."""

    def __init__(self, status: int = 200, body: Mapping[str, Any] | None = None) -> None:
        self.status = status
        self.content = Stream()
        self._body = body or {}

    async def read(self) -> bytes:
        return json.dumps(self._body).encode()


class Request:
    """As above."""

    def __init__(self, url: str) -> None:
        self.url = URL(f"https://api{url}")


class Overheard:
    """Watches with a clock of their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.metrics = Metrics()
        self.watches = Watches(self.metrics.called, lambda: self.now)
        self.lists: list[tuple[str, str | None, set[str]]] = []
        self.watches.on_list = lambda *told: self.lists.append(told)

    def call(self, url: str, answer: Answer | Exception) -> None:
        async def handler(_: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        request: Any = Request(url)
        asyncio.run(self.watches.overhear(request, handler))

    @property
    def stalled(self) -> dict[str, float]:
        return Vitals(lambda: 0, lambda: 0, lambda: 0, self.watches.silences).stalled()


@pytest.fixture
def overheard() -> Overheard:
    return Overheard()


def page(*uids: str, more: str = "") -> Answer:
    return Answer(body={"metadata": {"continue": more}, "items": [{"metadata": {"uid": each}} for each in uids]})


def test_a_list_is_told_when_its_last_page_came(overheard: Overheard) -> None:
    overheard.call(f"{JOBS}?limit=2", page("a", "b", more="next"))
    assert overheard.lists == []
    overheard.call(f"{JOBS}?limit=2&continue=next", page("c"))
    assert overheard.lists == [("Job", None, {"a", "b", "c"})]


def test_a_list_that_broke_off_is_forgotten_by_the_next(overheard: Overheard) -> None:
    overheard.call(f"{JOBS}?limit=2", page("a", more="next"))
    overheard.call(f"{JOBS}?limit=2", page("b"))
    assert overheard.lists == [("Job", None, {"b"})]


def test_a_refused_list_says_nothing(overheard: Overheard) -> None:
    overheard.call(JOBS, Answer(500))
    assert overheard.lists == []
    assert 'laneway_operator_api_calls_total{code="500",verb="LIST"} 1.0' in overheard.metrics.text().decode()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (JOBS, ("Job", None)),
        ("/apis/batch/v1/namespaces/nlp/jobs", ("Job", "nlp")),
        ("/apis/laneway.dev/v1alpha1/llmworkerpools", ("pools", None)),
        ("/apis/laneway.dev/v1alpha1/placementprofiles", ("profiles", None)),
        ("/api/v1", None),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", None),
    ],
)
def test_an_address_tells_what_is_listed(path: str, place: tuple[str, str | None] | None) -> None:
    assert place_of(path) == place


def test_a_watch_stands_still_where_no_byte_comes_and_nobody_tries(overheard: Overheard) -> None:
    answer = Answer()
    overheard.call(f"{JOBS}?watch=true", answer)
    overheard.now += WATCH_SECONDS
    assert overheard.stalled == {}
    overheard.now += 1
    assert list(overheard.stalled) == [f"the watch of {JOBS}"]
    answer.content.total_bytes += 100
    assert overheard.stalled == {}


def test_an_api_server_that_is_away_is_no_stall(overheard: Overheard) -> None:
    overheard.call(f"{JOBS}?watch=true", Answer())
    for _ in range(50):
        overheard.now += 20
        with pytest.raises(OSError, match="refused"):
            overheard.call(f"{JOBS}?watch=true", OSError("refused"))
        assert overheard.stalled == {}
    assert 'laneway_operator_api_calls_total{code="none",verb="WATCH"} 50.0' in overheard.metrics.text().decode()


def test_pools_are_known_once_they_were_listed(overheard: Overheard) -> None:
    assert not overheard.watches.knows_pools
    overheard.call("/apis/laneway.dev/v1alpha1/llmworkerpools", page())
    assert overheard.watches.knows_pools


@pytest.mark.parametrize(("resource", "waits"), [("placementprofiles", False), ("llmworkerpools", True)])
def test_of_what_may_not_be_read_only_profiles_are_not_waited_for(
    overheard: Overheard, resource: str, *, waits: bool
) -> None:
    for each in ("placementprofiles", "llmworkerpools"):
        overheard.call(f"/apis/laneway.dev/v1alpha1/{each}", Answer(403) if each == resource else page())
    assert overheard.watches.listed is not waits


def test_profiles_that_are_not_listed_yet_are_waited_for(overheard: Overheard) -> None:
    overheard.call("/apis/laneway.dev/v1alpha1/llmworkerpools", page())
    overheard.call("/apis/laneway.dev/v1alpha1/placementprofiles", Answer(500))
    assert not overheard.watches.listed
    overheard.call("/apis/laneway.dev/v1alpha1/placementprofiles", page())
    assert overheard.watches.listed


def test_kinds_are_looked_for_at_once_at_the_start_and_later_once_they_are_served(overheard: Overheard) -> None:
    assert [overheard.watches.look_pause() for _ in range(3)] == [0, SETTLE_SECONDS, SETTLE_SECONDS]


def test_a_token_that_is_refused_is_tried_again_with_pauses(overheard: Overheard) -> None:
    assert [overheard.watches.login_pause() for _ in range(3)] == [0, LOGIN_SECONDS, 2 * LOGIN_SECONDS]
    overheard.now += 3600
    assert overheard.watches.login_pause() == 0
