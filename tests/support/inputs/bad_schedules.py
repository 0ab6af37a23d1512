"""Schedules for both sides, as in tests/support/inputs/bad_pools.py; and what only the models can tell."""

from __future__ import annotations

from typing import Any

from support.inputs.bad_pools import SMALL, Bad, Good
from support.inputs.pools import pool_with

AT = "spec.lanes[0].schedules[0]"
FORM = "should be five-field cron such as 0 8 * * 1-5"
ONE_EFFECT = "give exactly one of minReplicas and suspend: true"
TIMEZONE = "should be the name of a time zone, such as Europe/Paris or UTC"
ONE_DAY_FIELD = "should leave day of month or day of week at *"


def schedule(**fields: Any) -> dict[str, Any]:
    """A quiet night; None takes a field away."""
    night = {"name": "night", "timezone": "Europe/Paris", "start": "0 1 * * *", "end": "0 5 * * *", "suspend": True}
    return {key: each for key, each in (night | fields).items() if each is not None}


def pool_of(*schedules: dict[str, Any], **scaling: Any) -> dict[str, Any]:
    """A pool with these schedules in its one lane."""
    return pool_with(lane={"schedules": list(schedules), "scaling": {"maxReplicas": 4} | scaling})


def _bad(case: str, words: str, server: str | None = None, /, **fields: Any) -> Bad:
    return Bad(case, pool_of(schedule(**fields)), words, server or words)


def _bad_cron(text: str) -> Bad:
    return _bad(f"cron {text!r}", f"{AT}.start: {FORM}", FORM, start=text)


BAD = (
    _bad("a schedule without a name", f"{AT}.name: is missing; add it", "schedules[0].name: Required", name=None),
    _bad("a schedule's name in capitals", f"{AT}.name: {SMALL}", SMALL, name="Night"),
    _bad("a schedule without a zone", f"{AT}.timezone: is missing; add it", "timezone: Required", timezone=None),
    _bad("a schedule without a start", f"{AT}.start: is missing; add it", "start: Required", start=None),
    _bad("a schedule without an end", f"{AT}.end: is missing; add it", "end: Required", end=None),
    _bad("a zone that is nowhere", TIMEZONE, timezone="Mars/Base"),
    _bad("an empty zone", f"{AT}.timezone: {TIMEZONE}", TIMEZONE, timezone=""),
    _bad("a zone that is a difference", f"{AT}.timezone: {TIMEZONE}", TIMEZONE, timezone="+02:00"),
    _bad("a zone upwards", f"{AT}.timezone: {TIMEZONE}", TIMEZONE, timezone="../UTC"),
    _bad("a long zone", f"{AT}.timezone: {TIMEZONE}", "may not be more than 64 bytes", timezone="A" * 65),
    _bad("a folder of zones", TIMEZONE, timezone="Europe"),
    _bad("a schedule that does nothing", ONE_EFFECT, suspend=None),
    _bad("a schedule that wakes", ONE_EFFECT, suspend=False),
    _bad("a schedule that does both", ONE_EFFECT, minReplicas=1),
    _bad("a floor of nobody", "minReplicas: should be greater", "equal to 1", suspend=None, minReplicas=0),
    _bad("a floor of 1001", "minReplicas: should be less", "equal to 1000", suspend=None, minReplicas=1001),
    _bad(
        "a scheduled floor above the ceiling",
        "lanes[0]: minReplicas of the schedule night (5) should be at most scaling.maxReplicas (4)",
        "the minReplicas of a schedule should be at most scaling.maxReplicas",
        suspend=None,
        minReplicas=5,
    ),
    _bad("a schedule of no length", "start and end should differ", end="0 1 * * *"),
    _bad("an unknown field of a schedule", f"{AT}.days: unknown field", 'schedules[0].days"', days="all"),
    _bad("a long cron", "at most 100 characters", "may not be more than 100 bytes", start=f"0 {'1,' * 48}1 * * *"),
    _bad("an end that is none", f"{AT}.end: {FORM}", FORM, end="at five"),
    _bad("two fields for the day", ONE_DAY_FIELD, start="0 1 1 * 1"),
    _bad("two fields for the day, in steps", ONE_DAY_FIELD, start="0 1 */2 * 1"),
    *(
        _bad_cron(text)
        for text in (
            "",
            "0 1 * *",
            "0 0 1 * * *",
            "60 1 * * *",
            "0 24 * * *",
            "0 1 0 * *",
            "0 1 32 * *",
            "0 1 * 13 *",
            "0 1 * * 7",
            "0 1 * * monday",
            "0 1 L * *",
            "0 1 * * 5#2",
            "*/0 1 * * *",
            "0 1, * * *",
            "0 -1 * * *",
            "@daily",
            "TZ=UTC 0 1 * * *",
        )
    ),
    Bad(
        "two schedules of one name",
        pool_of(schedule(), schedule()),
        "two schedules have the same name, night",
        "Duplicate",
    ),
    Bad(
        "17 schedules",
        pool_of(*(schedule(name=f"n{number}") for number in range(17))),
        "schedules: should have at most 16 items",
        "must have at most 16 items",
    ),
    Bad(
        "a suspension in words",
        pool_with(suspend="yes"),
        "should be true or false, without quotes",
        "must be of type boolean",
    ),
)

BEYOND_CEL = (
    _bad(
        "a range that goes down", f"{AT}.start: has a range that goes down: write 22-23,0-5", "", start="0 22-5 * * *"
    ),
    _bad(
        "a day that no month has", f"{AT}.start: should name a day that one of its months has", "", start="0 1 31 apr *"
    ),
    _bad("equal times, written differently", "start and end should differ", "", end="00 01 * * *"),
    _bad(
        "an end that comes twice",
        "start and end should take turns: after Fri 2026-01-02 05:00 end is next again; give both the same days",
        "",
        start="0 1 * * 1-5",
    ),
    _bad(
        "a start that comes twice",
        "start and end should take turns: after Thu 2026-01-01 01:00 start is next again; give both the same days",
        "",
        end="0 5 * * fri",
    ),
    _bad("a start that is an end too", "start and end should take turns", "", end="0 1,5 * * *"),
    _bad(
        "a start that clocks skip", "start: clocks in Europe/Paris skip 02:00, as on 2026-03-29", "", start="0 2 * * *"
    ),
    _bad(
        "an end that clocks skip",
        "end: clocks in Europe/Paris skip 02:30, as on 2026-03-29",
        "",
        start="0 22 * * 6",
        end="30 2 * * 0",
    ),
)
"""An API server lets them pass; the operator says `InvalidSpec`."""


def _good(case: str, /, **fields: Any) -> Good:
    return Good(case, pool_of(schedule(**fields)))


GOOD = (
    _good("a quiet night"),
    _good("a scheduled floor at the ceiling", suspend=None, minReplicas=4),
    _good("a floor that says that it does not suspend", suspend=False, minReplicas=1),
    _good("a zone without towns", timezone="UTC"),
    _good("a zone of three parts", timezone="America/Argentina/Buenos_Aires"),
    _good("a zone with a sign", timezone="Etc/GMT+1"),
    _good("cron of every kind", start="5 8,12-18/2,20 * jan-mar,DEC *", end="50 08,12-18/2,20 * JAN-mar,12 *"),
    _good("cron with question marks, steps from a number and blanks", start=" 50/15  1 ? *  * ", end="0 5 * * ?"),
    _good("cron of every second day", start="*/61 7 */2 * *", end="0 9 */2 * *"),
    _good("cron of days", start="0 22 * * fri", end="0 4 * * 1"),
    _good("the longest cron", start=f"0 {'10,' * 30}1 * * *", end="0 5,15 * * *"),
    _good("a working day at an hour that clocks skip on Sundays", start="0 2 * * 1-5", end="0 5 * * 1-5"),
    Good(
        "as many schedules as can be",
        pool_with(
            lanes=[
                {"name": f"l{lane}", "schedules": [schedule(name=f"n{number}") for number in range(16)]}
                for lane in range(16)
            ]
        ),
    ),
    Good("a suspended pool", pool_with(suspend=True)),
)
