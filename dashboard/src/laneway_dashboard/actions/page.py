"""Proposing, confirming, watching and stopping actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from laneway_dashboard.bulk.groups import Chosen
from laneway_dashboard.desk import At, at, no_page
from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.shell.answers import Elsewhere, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_dashboard.bulk.bulk import Action
    from laneway_dashboard.desk import Desk
    from laneway_dashboard.ports.failed import Verb
    from laneway_dashboard.ports.visitors import Visitor
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

SHOWN = 20  # ids before it is confirmed
VERBS = ("retry", "drop")


def listed(asked: Asked, desk: Desk) -> Answer:
    """Those of a pool."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    values = {"at": found.snapshot.at, "actions": desk.bulk.of(found.ports.name)}
    return View("actions.html", values, pool=found.ports.name, tab="actions")


def propose(asked: Asked, desk: Desk) -> Answer:
    """Freeze what a filter means now; a single retry is carried out at once."""
    found = at(desk, asked)
    if not isinstance(found, At):
        return found
    if asked.form.get("verb") not in VERBS:
        return no_page("No such action", "There are retry and drop.")
    verb, chosen = cast("Verb", asked.form["verb"]), Chosen.of(asked.form)
    try:
        jobs = [each for each in found.ports.failed.list().jobs if chosen.wants(each)]
        action = desk.bulk.propose(found.ports.name, verb, jobs, chosen.told, asked.visitor)
    except (Refused, Unavailable) as error:
        values = {"title": "Nothing was done", "trouble": str(error), "at": found.snapshot.at}
        return View("unavailable.html", values, pool=found.ports.name, tab="failed", live=False)
    if verb == "retry" and chosen.id:
        desk.bulk.begin(action, asked.visitor)
    return _to(found, action)


def show(asked: Asked, desk: Desk) -> Answer:
    """What is proposed, or how far it is."""
    found = _found(asked, desk)
    if not isinstance(found, tuple):
        return found
    where, action = found
    return _view(where, action, "")


def confirm(asked: Asked, desk: Desk) -> Answer:
    """Carry it out, where the number was typed that it takes."""
    found = _found(asked, desk)
    if not isinstance(found, tuple):
        return found
    where, action = found
    typed = asked.form.get("typed", "").strip().replace(",", "")
    if action.must_be_typed and typed != str(len(action.plan.targets)):
        return _view(where, action, f"Nothing was done yet: type {len(action.plan.targets)} to confirm.")
    desk.bulk.begin(action, asked.visitor)
    return _to(where, action)


def abort(asked: Asked, desk: Desk) -> Answer:
    """Stop it."""
    return _acted(asked, desk, desk.bulk.abort)


def resume(asked: Asked, desk: Desk) -> Answer:
    """Take it up again."""
    return _acted(asked, desk, desk.bulk.resume)


def _acted(asked: Asked, desk: Desk, act: Callable[[Action, Visitor], None]) -> Answer:
    found = _found(asked, desk)
    if not isinstance(found, tuple):
        return found
    act(found[1], asked.visitor)
    return _to(*found)


def _found(asked: Asked, desk: Desk) -> tuple[At, Action] | Answer:
    where = at(desk, asked)
    if not isinstance(where, At):
        return where
    action = desk.bulk.get(where.ports.name, asked.path["action"])
    if action is None:
        return no_page("No such action", "It was never confirmed, or another dashboard carries it out.")
    return where, action


def _view(where: At, action: Action, told: str) -> View:
    state = action.progress.state
    values = {"at": where.snapshot.at, "action": action, "told": told, "shown": SHOWN}
    return View("action.html", values, pool=where.ports.name, tab="actions", live=state == "running")


def _to(where: At, action: Action) -> Elsewhere:
    return Elsewhere(f"{where.path}/actions/{action.plan.id}")
