"""Every page of every world, and what attackers write on them."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from laneway_dashboard.ports.watching import LaneSeen
from laneway_dashboard.testing.clock import ManualClock
from laneway_dashboard.testing.made import today
from laneway_dashboard.testing.worlds import LONG_ID, WORLDS, busy, trouble
from support.dashboard.asking import HOST
from support.dashboard.running import POOL, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.dashboard.asking import Asking

PAGES = (
    "/", f"{POOL}/lanes/fast", f"{POOL}/lanes/fast?span=24h", f"{POOL}/failed", f"{POOL}/jobs",
    f"{POOL}/schedules",
    f"{POOL}/actions",
)  # fmt: skip
JOBS = {"busy": "invoice-89991", "trouble": "claim-2026-0003", "hostile": LONG_ID}


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def paths(world: str) -> list[str]:
    job = JOBS.get(world)
    return [*PAGES, *([f"{POOL}/jobs/{job}", f"{POOL}/jobs/{job}/texts"] if job else [])]


@pytest.mark.parametrize(("world", "path"), [(world, path) for world in WORLDS for path in paths(world)])
def test_every_page_of_every_world(asking: Callable[..., Asking], world: str, path: str) -> None:
    text = asking(world).get(path)
    elements = Elements(text).found
    scripts = [attributes for tag, attributes in elements if tag == "script"]
    assert all((each.get("src") or "").startswith("/static/") for each in scripts)
    assert len(scripts) == 2
    assert "alert(" not in "".join(re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL))
    for tag, attributes in elements:
        assert tag not in {"style", "iframe", "object", "b", "svg onload"}
        assert not {"style", "onerror", "onload", "onclick"} & attributes.keys(), (tag, attributes)
        assert not any(name.startswith(("hx-on", "data-hx-on")) for name in attributes)
        assert tag != "img" or attributes["src"] == "/static/icon.svg"
        assert not (attributes.get("href") or "").startswith(("javascript:", "s3:"))
    assert not any(mark in text for mark in "\u202e\u2066\u200f")


def test_no_page_shows_a_text_that_nobody_asked_for(asking: Callable[..., Asking]) -> None:
    own = asking()
    assert "The claim is settled." not in "".join(own.get(path) for path in (*PAGES, f"{POOL}/jobs/invoice-89991"))
    assert "The claim is settled." in own.get(f"{POOL}/jobs/invoice-89991/texts")
    own.world.job.refused = "S3: you may not s3:GetObject"
    assert "you may not s3:GetObject" in own.get(f"{POOL}/jobs/invoice-89991/texts")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/nothing", "No such page"), ("/static/nothing.css", "No such page"), ("/pools/a/b/jobs", "No such pool"),
        (f"{POOL}/lanes/none", "No such lane"), (f"{POOL}/jobs/none", "No such job"),
        (f"{POOL}/actions/none", "No such action"),
        (f"{POOL}/jobs/..%2f..%2fetc", "No such page"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(asking: Callable[..., Asking], path: str, told: str) -> None:
    assert told in asking().get(path, 404)


def test_a_job_is_found_by_its_id(asking: Callable[..., Asking]) -> None:
    client = asking().client
    assert client.get(f"{POOL}/find?id=+invoice-1+").headers["location"] == f"{POOL}/jobs/invoice-1"
    assert client.get(f"{POOL}/find?id=").headers["location"] == f"{POOL}/jobs"
    for link in (
        "s3://acme-llm/documents/results/invoice-1.json",
        "https://acme-llm.s3.eu-west-1.amazonaws.com/documents/results/invoice-1.json?X-Amz-Expires=60",
        f"https://dashboard.acme.example{POOL}/jobs/invoice-1#output",
    ):
        assert client.get(f"{POOL}/find", params={"id": link}).headers["location"] == f"{POOL}/jobs/invoice-1"
    page = f"https://dashboard.acme.example{POOL}/jobs/report.json"
    assert client.get(f"{POOL}/find", params={"id": page}).headers["location"] == f"{POOL}/jobs/report.json"


def test_of_failed_jobs_that_were_not_read_nothing_is_claimed(asking: Callable[..., Asking]) -> None:
    own = asking("trouble")
    assert "No failed job is of this kind." in own.get(f"{POOL}/failed?code=cancelled")
    own.world.failed.complete = False
    text = own.get(f"{POOL}/failed?code=cancelled")
    assert "These are some of them." in text
    assert "None of those that were read is of this kind." in text


def test_what_no_job_is_called_is_said(asking: Callable[..., Asking]) -> None:
    client = asking().client
    for other in (
        "//evil.example",
        "a/../b",
        "é",
        "x" * 129,
        "two words",
        "\u200binvoice-1",
        "https://evil.example/?a",
    ):
        answer = client.get(f"{POOL}/find", params={"id": other})
        assert (answer.status_code, "No job is called so" in answer.text) == (404, True), other


def test_a_page_of_failed_jobs_that_is_no_longer_there_is_the_last_one(asking: Callable[..., Asking]) -> None:
    own = asking("trouble")
    assert "151\N{EN DASH}164 of 164" in own.get(f"{POOL}/failed?from=150")
    own.world.failed.jobs = own.world.failed.jobs[:100]
    for start in ("100", "150", "999999"):
        text = own.get(f"{POOL}/failed?from={start}")
        assert "51\N{EN DASH}100 of 100" in text
        assert "Next page" not in text


def test_a_deep_link_leads_through_the_list(asking: Callable[..., Asking]) -> None:
    own = asking()
    first = own.get(f"{POOL}/jobs?lane=fast&status=succeeded")
    following = re.search(r'href="(\?[^"]+after=[^"]+)"', first)
    assert following is not None
    second = own.get(f"{POOL}/jobs{following[1].replace('&amp;', '&')}")
    ids = [set(re.findall(r"jobs/(invoice-\d+)", each)) for each in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 50
    assert not ids[0] & ids[1]
    assert "slow" not in re.sub(r"<option>.*?</option>|<select.*?</select>", "", second)


def test_what_the_list_can_not_be_asked_is_not_offered(asking: Callable[..., Asking]) -> None:
    own = asking()
    own.world.jobs.filters = frozenset({"prefix"})
    text = own.get(f"{POOL}/jobs?lane=fast")
    assert "can&#39;t be asked by lane" in text
    assert [attributes.get("name") for tag, attributes in Elements(text).found if tag in {"input", "select"}] == [
        "id",
        "prefix",
    ]


def test_a_lane_of_which_no_job_ended_has_a_table_all_the_same(asking: Callable[..., Asking]) -> None:
    own = asking()
    assert own.world.waits is not None
    own.world.waits.points = ()
    text = own.get(f"{POOL}/lanes/fast")
    assert "this pool has none" not in text
    assert "No job ended in this time." in text


def test_a_list_that_can_not_be_read_says_why(asking: Callable[..., Asking]) -> None:
    own = asking()
    own.world.jobs.trouble = own.world.failed.trouble = own.world.job.trouble = "the database: `connection refused`"
    for path in ("jobs", "failed", "jobs/invoice-1"):
        assert "the database: <code>connection refused</code>" in own.get(f"{POOL}/{path}")
    assert own.client.get(f"{POOL}/jobs.csv").status_code == 503


def test_the_list_can_be_taken_along(asking: Callable[..., Asking]) -> None:
    answer = asking("hostile").client.get(f"{POOL}/jobs.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="jobs-nlp-documents.csv"'
    assert answer.text.count("\r\n") == 2


def test_the_first_page_leads_from_a_lane_that_fails_to_its_failed_jobs_by_cause(asking: Callable[..., Asking]) -> None:
    shown = asking("trouble")
    pool = shown.world.watched.seen
    lane = LaneSeen("fast", "gemma3:4b", queued=0, running=0, workers=(), today=today(shown.clock.now(), 10, 90))
    shown.world.watched.seen = replace(pool, lanes=(lane,))
    links = [dict(attributes)["href"] for tag, attributes in Elements(shown.get("/")).found if tag == "a"]
    (there,) = (each for each in links if each and "/failed?lane=" in each)
    assert "By cause" in shown.get(there)


@pytest.mark.parametrize(
    ("typed", "there"),
    [
        (f"{POOL}/failed/", f"{POOL}/failed"),
        (f"{POOL}/jobs//?lane=fast", f"{POOL}/jobs?lane=fast"),
        ("/pools/%5C%5Cevil.example/", "/pools/%5C%5Cevil.example"),
    ],
)
def test_a_slash_behind_an_address_leads_to_its_page(asking: Callable[..., Asking], typed: str, there: str) -> None:
    answer = asking("busy").client.get(typed)
    assert (answer.status_code, answer.headers["location"]) == (303, there)


@pytest.mark.parametrize("path", ["//evil.example/", "/other/", "/static/"])
def test_no_other_address_leads_anywhere(asking: Callable[..., Asking], path: str) -> None:
    assert "location" not in asking("busy").client.get(path).headers


def test_failed_jobs_of_a_cause_are_retried(asking: Callable[..., Asking]) -> None:
    own = asking("trouble")
    where = own.post(f"{POOL}/actions", verb="retry", code="format_not_met", lane="slow")
    assert "Retry 20 jobs" in own.get(where)
    assert own.post(f"{where}/confirm") == where
    own.run()
    assert len(own.world.failed.acted) == 20
    assert "ended" in own.get(where)
    assert "retry 20" in own.get(f"{POOL}/actions")


def test_more_than_a_hundred_have_to_be_typed(asking: Callable[..., Asking]) -> None:
    own = asking("trouble")
    where = own.post(f"{POOL}/actions", verb="drop")
    for typed in ("", "yes", "163"):
        answer = own.client.post(f"{where}/confirm", data={"typed": typed}, headers={"sec-fetch-site": "same-origin"})
        assert "type 164 to confirm" in answer.text
    own.run()
    assert own.world.failed.acted == []
    own.post(f"{where}/confirm", typed="164")
    own.run()
    assert len(own.world.failed.acted) == 164


def test_one_job_is_retried_at_once_and_dropped_when_confirmed(asking: Callable[..., Asking]) -> None:
    own = asking("trouble")
    own.post(f"{POOL}/actions", verb="retry", id="claim-2026-0003")
    where = own.post(f"{POOL}/actions", verb="drop", id="claim-2026-0004")
    own.run()
    assert own.world.failed.acted == [("retry", "claim-2026-0003")]
    own.post(f"{where}/confirm")
    own.run()
    assert own.world.failed.acted[1:] == [("drop", "claim-2026-0004")]


def test_no_other_verb_is_known(asking: Callable[..., Asking]) -> None:
    own = asking("trouble")
    answer = own.client.post(f"{POOL}/actions", data={"verb": "delete"}, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 404


def test_where_nothing_is_meant_nothing_is_proposed(asking: Callable[..., Asking]) -> None:
    own = asking("empty")
    answer = own.client.post(f"{POOL}/actions", data={"verb": "drop"}, headers={"sec-fetch-site": "same-origin"})
    assert "no failed job is meant" in answer.text


def test_a_lane_is_paused_and_resumed(asking: Callable[..., Asking]) -> None:
    own = asking()
    assert "Pause" in own.get(f"{POOL}/lanes/fast")
    assert "Resume" in own.get(own.post(f"{POOL}/lanes/fast/pause"))
    assert "Pause" in own.get(own.post(f"{POOL}/lanes/fast/resume"))


def test_an_empty_pool_says_that_all_is_well(asking: Callable[..., Asking]) -> None:
    own = asking("empty")
    assert "at zero" in own.get("/")
    assert "No failed job waits for a person." in own.get(f"{POOL}/failed")
    assert "No job has ended yet." in own.get(f"{POOL}/jobs")


def test_several_pools_are_shown_each_with_its_pages() -> None:
    clock = ManualClock()
    one, other = busy(clock).ports, replace(trouble(clock).ports, name="nlp/invoices")
    other.watched.seen = replace(trouble(clock).watched.seen, name="nlp/invoices")  # type: ignore[attr-defined] # because it is a fake
    found = made([one, other], clock)
    client = TestClient(found.application.asgi(frozenset({HOST})), f"http://{HOST}", follow_redirects=False)
    client.get(f"/enter?token={found.tokens[-1]}")
    first = client.get("/").text
    assert first.index("nlp/invoices") < first.index("nlp/documents"), "the one in trouble comes first"
    assert 'href="/pools/nlp/invoices/jobs"' in first
    assert 'data-key="jobs"' not in first
    assert 'href="/pools/nlp/invoices/failed" data-key="failed"' in client.get("/pools/nlp/invoices/jobs").text
