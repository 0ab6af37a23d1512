"""Who is let in, what a page of another site can have done, and what every answer says to the browser."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from laneway_dashboard.ports.visitors import Role
from laneway_dashboard.shell.security import HEADERS
from laneway_dashboard.shell.sessions import SESSION
from support.dashboard.running import POOL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from support.dashboard.asking import Asking

PAUSE = f"{POOL}/lanes/fast/pause"
FORGED = {
    "authorization": "Bearer operator",
    "x-forwarded-user": "admin",
    "x-forwarded-email": "admin@acme.example",
    "x-forwarded-for": "127.0.0.1",
    "x-amzn-oidc-data": "e30=.e30=.",
    "x-amzn-oidc-identity": "admin",
    "remote-user": "admin",
}


def test_a_link_opens_once(asking: Callable[..., Asking]) -> None:
    own = asking()
    used = own.made.tokens[0]
    own.client.cookies.clear()
    answer = own.client.get(f"/enter?token={used}")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert own.client.get(f"/enter?token={own.made.tokens[-1]}").status_code == 303


def test_who_only_looks_whether_a_link_is_there_leaves_it_to_others(asking: Callable[..., Asking]) -> None:
    own = asking()
    link = f"/enter?token={own.made.tokens[-1]}"
    answer = own.client.head(link)
    assert "set-cookie" not in answer.headers
    assert own.client.get(link).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000])
def test_what_is_no_token_opens_nothing(asking: Callable[..., Asking], token: str) -> None:
    own = asking()
    own.client.cookies.clear()
    assert own.client.get("/enter", params={"token": token}).status_code == 403


def test_the_cookie_is_for_this_site_and_no_script(asking: Callable[..., Asking]) -> None:
    own = asking()
    said = own.client.get(f"/enter?token={own.made.tokens[-1]}").headers["set-cookie"]
    assert said.startswith(own.made.sessions.cookie)
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(said.split("; "))
    assert asking().made.sessions.cookie != own.made.sessions.cookie


def test_a_session_ends(asking: Callable[..., Asking]) -> None:
    own = asking()
    own.clock.sleep((SESSION - timedelta(minutes=1)).total_seconds())
    own.get("/")
    own.clock.sleep(120)
    assert "Not signed in" in own.get("/", 401)


@pytest.mark.parametrize("path", ["/", f"{POOL}/failed", f"{POOL}/jobs/invoice-1/texts", "/nothing"])
def test_without_a_cookie_nothing_is_told(asking: Callable[..., Asking], path: str) -> None:
    own = asking()
    own.client.cookies.clear()
    told = own.client.get(path, headers=FORGED)
    assert told.status_code == 401
    assert "nlp/documents" not in told.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8001", "127.0.0.1", "localhost:8000.evil.example", ""])
def test_another_name_that_leads_here_is_refused(asking: Callable[..., Asking], host: str) -> None:
    own = asking()
    assert own.client.get("/", headers={"host": host}).status_code == 421
    assert own.client.get("/static/dashboard.css", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:8001"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    ],
)
def test_another_site_has_nothing_done(asking: Callable[..., Asking], headers: Mapping[str, str]) -> None:
    own = asking()
    assert own.client.post(PAUSE, headers=headers).status_code == 403
    assert own.world.watched.seen.lanes[0].paused is False


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1:8000"}])
def test_our_own_page_has_it_done(asking: Callable[..., Asking], headers: Mapping[str, str]) -> None:
    own = asking()
    assert own.client.post(PAUSE, headers=headers).status_code == 303
    assert own.world.watched.seen.lanes[0].paused is True


def test_nothing_is_done_by_a_link(asking: Callable[..., Asking]) -> None:
    own = asking()
    assert own.client.get(PAUSE).status_code in {404, 405}
    assert own.world.watched.seen.lanes[0].paused is False


@pytest.mark.parametrize("path", [PAUSE, f"{POOL}/lanes/fast/resume", f"{POOL}/actions", f"{POOL}/actions/x/confirm"])
def test_a_viewer_acts_on_nothing(asking: Callable[..., Asking], path: str) -> None:
    own = asking("trouble", Role.VIEWER)
    answer = own.client.post(path, data={"verb": "drop"}, headers={"sec-fetch-site": "same-origin"} | FORGED)
    assert answer.status_code == 403
    assert "Only for operators" in answer.text
    assert own.world.failed.acted == []


@pytest.mark.parametrize("path", ["/", f"{POOL}/lanes/fast", f"{POOL}/failed", f"{POOL}/jobs/claim-2026-0003"])
def test_a_viewer_is_shown_no_button(asking: Callable[..., Asking], path: str) -> None:
    assert 'method="post"' not in asking("trouble", Role.VIEWER).get(path)


@pytest.mark.parametrize("path", ["/", "/static/dashboard.css", "/enter", "/nothing", f"{POOL}/jobs.csv", "/static/no"])
def test_every_answer_has_its_headers(asking: Callable[..., Asking], path: str) -> None:
    answer = asking().client.get(path)
    assert HEADERS.items() <= dict(answer.headers).items() | {(name, answer.headers[name]) for name in HEADERS}
    kept = path == "/static/dashboard.css"
    assert answer.headers["cache-control"].startswith("private" if kept else "no-store") or path.startswith("/static")
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_defect_tells_nobody_what_it_held(asking: Callable[..., Asking], caplog: pytest.LogCaptureFixture) -> None:
    own = asking()

    def broken() -> None:
        raise RuntimeError("Paris is secret")

    own.world.watched.look = broken  # type: ignore[method-assign,assignment] # because it is a defect of ours
    own.made.application.desk.seen.forget()
    with caplog.at_level(logging.INFO):
        told = own.get("/", 500)
    assert "Something broke" in told
    assert "secret" not in told + caplog.text


def test_a_form_that_is_too_long_is_refused(asking: Callable[..., Asking]) -> None:
    own = asking()
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
    assert own.client.post(f"{POOL}/actions", content=b"a=" + b"x" * 70_000, headers=headers).status_code == 413
