"""In a cluster: each request by its token, each page by the rights on its pool."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from laneway_dashboard.app.application import Application
from laneway_dashboard.app.routes import PAGES
from laneway_dashboard.ports.visitors import Person, Right
from laneway_dashboard.shell.bearers import FRESH, Bearers, token_of
from laneway_dashboard.testing.clock import ManualClock
from laneway_dashboard.testing.people import FakePeople
from laneway_dashboard.testing.worlds import busy
from support.dashboard.running import POOL, made

if TYPE_CHECKING:
    from laneway_dashboard.app.routes import Page

HOST = "dashboard.acme.example"


class Cluster:
    """A dashboard that vera comes to."""

    def __init__(self, *rights: Right, namespace: str = "nlp") -> None:
        self.clock = ManualClock()
        self.world = busy(self.clock)
        self.people = FakePeople({"good": Person("vera")}, {("vera", right, namespace) for right in rights})
        desk = made([self.world.ports], self.clock).application.desk
        application = Application(desk, Bearers(self.people, self.people, self.clock), self.clock)
        self.client = TestClient(
            application.asgi(frozenset({HOST})),
            f"http://{HOST}",
            follow_redirects=False,
            headers={"authorization": "Bearer good", "sec-fetch-site": "same-origin"},
        )

    def ask(self, page: Page, **headers: str) -> tuple[int, str]:
        names = {"namespace": "nlp", "name": "documents", "lane": "fast", "job": "invoice-89991", "action": "none"}
        answer = self.client.request(page.method, page.path.format(**names), headers=headers)
        return answer.status_code, answer.text


every_page = pytest.mark.parametrize("page", PAGES, ids=[f"{each.method} {each.path}" for each in PAGES])


@every_page
@pytest.mark.parametrize("token", ["Bearer forged", "Basic good", "good", "Bearer good, Bearer good", "Bearer ", ""])
def test_no_page_without_a_good_token(page: Page, token: str) -> None:
    own = Cluster(*Right)
    status, text = own.ask(page, authorization=token)
    assert (status, "nlp/documents" in text) == (401, False)
    assert own.world.watched.looks == 0


@every_page
def test_no_page_of_a_pool_of_others(page: Page) -> None:
    own = Cluster(*Right, namespace="theirs")
    status, text = own.ask(page)
    assert status == (200 if page.path == "/" else 404)
    assert "documents" not in text
    assert own.world.watched.seen.lanes[0].paused is False


@every_page
@pytest.mark.parametrize("missing", [Right.FAILED_JOBS, Right.PAUSE, Right.TEXTS])
def test_every_page_takes_its_own_right(page: Page, missing: Right) -> None:
    own = Cluster(*(set(Right) - {missing}))
    assert (own.ask(page)[0] == 403) is (page.right is missing)


def test_what_acts_takes_more_than_looking_and_texts_a_right_of_their_own() -> None:
    for page in PAGES:
        assert (page.right in (Right.FAILED_JOBS, Right.PAUSE)) is (page.method == "POST"), page.path
        assert (page.right is Right.TEXTS) is page.path.endswith("/texts"), page.path


def test_who_may_only_look_is_shown_no_button() -> None:
    own = Cluster(Right.LOOK)
    for path in ("/", f"{POOL}/lanes/fast", f"{POOL}/failed", f"{POOL}/jobs/invoice-89991"):
        text = own.client.get(path).text
        assert not re.search(r'method="post"|/texts"', text), path
    assert "/texts" in Cluster(Right.LOOK, Right.TEXTS).client.get(f"{POOL}/jobs/invoice-89991").text


def test_rights_and_tokens_are_asked_for_again_within_seconds() -> None:
    own = Cluster(*Right)
    own.client.get(f"{POOL}/failed")
    before = own.people.asked
    own.client.get(f"{POOL}/failed")
    assert own.people.asked == before
    own.people.rights.clear()
    own.clock.sleep(FRESH.total_seconds())
    assert own.client.get(f"{POOL}/failed").status_code == 404
    own.people.tokens.clear()
    own.clock.sleep(FRESH.total_seconds())
    assert own.client.get(f"{POOL}/failed").status_code == 401
    assert timedelta(seconds=10) >= FRESH


def test_while_the_cluster_does_not_answer_nobody_is_let_in() -> None:
    own = Cluster(*Right)
    own.people.trouble = "no answer from the cluster's API server"
    answer = own.client.get(f"{POOL}/failed")
    assert (answer.status_code, "no answer from the cluster" in answer.text) == (503, True)


def test_no_link_opens_here_and_kubelet_is_answered_whatever_name_it_asks_by() -> None:
    own = Cluster(*Right)
    assert own.client.get("/enter?token=x").status_code in {401, 404}
    probed = own.client.get("/healthz", headers={"host": "10.0.0.7:11436", "authorization": ""})
    assert (probed.status_code, probed.text) == (200, "ok")


def test_two_headers_name_nobody() -> None:
    assert token_of(["Bearer a"]) == "a"
    assert token_of(["Bearer a", "Bearer b"]) is None
    assert token_of([f"Bearer {'a' * 20_000}"]) is None
