from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from laneway_operator.health.metrics import Metrics
from laneway_operator.health.vitals import WATCH_SECONDS, Vitals
from laneway_operator.watch.watches import LOGIN_SECONDS, REFUSED_SECONDS, SETTLE_SECONDS, Watches, place_of

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
        self.metrics.watch_silences(self.watches.silences, self.watches.refusals)

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


POOLS = "/apis/laneway.dev/v1alpha1/llmworkerpools"
PROFILES = "/apis/laneway.dev/v1alpha1/placementprofiles"


def of(namespace: str, path: str) -> str:
    before, _, plural = path.rpartition("/")
    return f"{before}/namespaces/{namespace}/{plural}"


def test_nothing_is_known_before_pools_were_listed(overheard: Overheard) -> None:
    overheard.call(JOBS, page())
    assert not overheard.watches.listed("nlp")
    assert not overheard.watches.listed("")
    overheard.call(POOLS, page())
    assert overheard.watches.listed("nlp")
    assert overheard.watches.listed("")


@pytest.mark.parametrize(("refused", "waits"), [(PROFILES, False), (POOLS, True), (JOBS, True)])
def test_of_what_may_not_be_read_only_profiles_are_not_waited_for(
    overheard: Overheard, refused: str, *, waits: bool
) -> None:
    for each in (PROFILES, POOLS, JOBS):
        overheard.call(each, Answer(403) if each == refused else page())
    assert overheard.watches.listed("nlp") is not waits


def test_profiles_that_are_not_listed_yet_are_waited_for(overheard: Overheard) -> None:
    overheard.call(POOLS, page())
    overheard.call(PROFILES, Answer(500))
    assert not overheard.watches.listed("nlp")
    overheard.call(PROFILES, page())
    assert overheard.watches.listed("nlp")


def two_namespaces(overheard: Overheard, status: int) -> None:
    """One of them answers everything with this."""
    for path in (POOLS, JOBS):
        overheard.call(of("nlp", path), page())
        overheard.call(of("gone", path), Answer(status))


@pytest.mark.parametrize("status", [403, 404])
def test_a_namespace_that_is_refused_holds_up_no_other_and_counts_as_empty_after_a_minute(
    overheard: Overheard, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    two_namespaces(overheard, status)
    assert [overheard.watches.listed(each) for each in ("nlp", "gone", "")] == [True, False, False]
    overheard.now += REFUSED_SECONDS - 1
    two_namespaces(overheard, status)
    assert (overheard.watches.listed("gone"), caplog.messages) == (False, [])
    overheard.now += 1
    assert [overheard.watches.listed(each) for each in ("nlp", "gone", "")] == [True, True, True]
    for _ in range(2):
        two_namespaces(overheard, status)
    said = f"GET {of('gone', JOBS)} has been refused for a minute with {status}: it counts as empty"
    assert [said in each for each in caplog.messages] == [False, True]
    told = overheard.metrics.text().decode()
    assert f'laneway_operator_list_refused_seconds{{path="{of("gone", JOBS)}"}} 60.0' in told
    assert f'laneway_operator_list_refused_seconds{{path="{of("nlp", JOBS)}"}} 0.0' in told


def test_what_does_not_answer_is_waited_for_however_long(overheard: Overheard) -> None:
    two_namespaces(overheard, 500)
    overheard.now += 10 * REFUSED_SECONDS
    assert not overheard.watches.listed("gone")


def test_where_nobody_is_let_in_nothing_is_known(overheard: Overheard) -> None:
    for path in (POOLS, JOBS):
        overheard.call(of("gone", path), Answer(403))
    overheard.now += REFUSED_SECONDS
    assert (overheard.watches.listed("gone"), overheard.watches.listed("")) == (True, False)


def test_rights_that_come_back_have_a_minute_to_come_back_all(overheard: Overheard) -> None:
    two_namespaces(overheard, 403)
    overheard.now += 2 * REFUSED_SECONDS
    overheard.call(of("gone", POOLS), page("p"))
    assert not overheard.watches.listed("gone")
    overheard.now += REFUSED_SECONDS
    assert overheard.watches.listed("gone")


def test_a_watch_that_is_refused_later_leaves_what_is_known(
    overheard: Overheard, caplog: pytest.LogCaptureFixture
) -> None:
    overheard.call(POOLS, page())
    for _ in range(2):
        overheard.call(f"{POOLS}?watch=true", Answer(403))
        overheard.now += REFUSED_SECONDS
    assert overheard.watches.listed("")
    assert "what was known of it stands" in caplog.text


def test_objects_of_first_lists_are_told_page_by_page_before_kopf_hears_of_them(overheard: Overheard) -> None:
    pages: list[tuple[str | None, set[str]]] = []
    overheard.watches.on_page = lambda *told: pages.append(told)
    overheard.call(f"{JOBS}?limit=1", page("a", more="next"))
    overheard.call(f"{JOBS}?limit=1&continue=next", page("b"))
    overheard.call(f"{JOBS}?limit=1", page("c"))
    assert pages == [(None, {"a"}), (None, {"b"})]


def test_kinds_are_looked_for_at_once_at_the_start_and_later_once_they_are_served(overheard: Overheard) -> None:
    assert [overheard.watches.look_pause() for _ in range(3)] == [0, SETTLE_SECONDS, SETTLE_SECONDS]


def test_a_token_that_is_refused_is_tried_again_with_pauses(overheard: Overheard) -> None:
    assert [overheard.watches.login_pause() for _ in range(3)] == [0, LOGIN_SECONDS, 2 * LOGIN_SECONDS]
    overheard.now += 3600
    assert overheard.watches.login_pause() == 0
