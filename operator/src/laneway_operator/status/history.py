"""What changed between two statuses of a pool, as people want to read it later. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway_operator.status.model import READY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Status = Mapping[str, Any]

NORMAL, WARNING = "Normal", "Warning"
TOLD = (READY, "Stalled", "Reconciling", "GatewayReady", "TableReady")
"""Conditions whose changes are told. The others come into `Ready`, or only inform."""
WRONG_WHERE = {"Stalled": "True", "Reconciling": "never"}
"""Condition → the status in which it is trouble; `False` where it is not named here."""


@dataclass(frozen=True)
class Transition:
    """One condition became another one."""

    what: str
    """The condition; of a lane with its name, such as `lane fast: Ready`."""
    before: str
    """Status and reason, such as `True ScaledToZero`; a dash where there was none."""
    after: str
    """The same."""
    reason: str
    message: str
    sort: str
    """`NORMAL` or `WARNING`."""


def transitions(old: Status, new: Status) -> tuple[Transition, ...]:
    """What is worth telling, the pool's own first; what has one cause is told once."""
    found: dict[str, Transition] = {}
    for each in (*_of_pool(old, new), *_of_lanes(old, new)):
        found.setdefault(each.reason, each)
    return tuple(found.values())


def _of_pool(old: Status, new: Status) -> Iterator[Transition]:
    before, after = _conditions(old), _conditions(new)
    for kind in TOLD:
        if kind in after and _changed(before.get(kind), after[kind]) and not _is_no_news(kind, before, after[kind]):
            yield _transition(kind, before.get(kind), after[kind], WRONG_WHERE.get(kind, "False"))


def _is_no_news(kind: str, before: Mapping[str, Status], after: Status) -> bool:
    """Where nothing is wrong any more, and in a new pool nothing under way: `Ready` tells how it is."""
    unknown = kind == "Reconciling" and kind not in before
    return bool(after["status"] == "False") and (kind == "Stalled" or unknown)


def _of_lanes(old: Status, new: Status) -> Iterator[Transition]:
    """Into trouble and out of it. That a lane wakes and rests is told of the pool alone."""
    lanes = new.get("lanes", [])
    known = {each["name"]: _conditions(each).get(READY) for each in old.get("lanes", [])}
    for lane in lanes if len(lanes) > 1 else ():
        before, after = known.get(lane["name"]), _conditions(lane).get(READY)
        if after is not None and _changed(before, after) and "False" in (after["status"], (before or {}).get("status")):
            yield _transition(f"lane {lane['name']}: {READY}", before, after, "False")


def _conditions(status: Status) -> dict[str, Status]:
    return {each["type"]: each for each in status.get("conditions", [])}


def _changed(before: Status | None, after: Status) -> bool:
    return before is None or (before["status"], before["reason"]) != (after["status"], after["reason"])


def _transition(what: str, before: Status | None, after: Status, wrong: str) -> Transition:
    return Transition(
        what=what,
        before=_told(before) if before is not None else "-",
        after=_told(after),
        reason=after["reason"],
        message=after["message"],
        sort=WARNING if after["status"] == wrong else NORMAL,
    )


def _told(condition: Status) -> str:
    return f"{condition['status']} {condition['reason']}"
