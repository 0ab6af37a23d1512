"""The jobs of a world: what is sent when, and what the engine does with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from simulation.scheduler import START

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

FORMAT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
NEVER = 1_000_000
WAITED = 0.4
"""Of the jobs with an id."""
FAILURES = ("stalled", "incomplete", "error", "crash", "format", "hang")


@dataclass
class Plan:
    """One job."""

    kind: str
    prompt: str
    """Its mark everywhere: unique, also where there is no id."""
    id: str | None = None
    """None: the MessageId."""
    body: str = ""
    sent_at: tuple[float, ...] = (0.0,)
    """When; more than once for a sender that repeats itself."""
    seconds: float = 2.0
    """About as long the engine takes."""
    fails: int = 0
    """How many tries fail for a reason of the job's own."""
    failures: tuple[str, ...] = ()
    """How, in turn; the last one again and again."""
    troubles: tuple[str, ...] = ()
    """What the world does to it first."""
    expires_at: float | None = None
    cancelled_at: float | None = None
    formatted: bool = False
    destination: str | None = None
    stored: str | None = None
    """The body lies in `jobs/`: this one, or none at all."""
    code: str | None = None
    """The code of its failed result, where it can't succeed at all."""
    group: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    waited: bool = False
    """Somebody waits for it at a gateway."""
    squatters: list[Plan] = field(default_factory=list)
    """What others send under its id."""

    @property
    def deadline(self) -> float | None:
        """When no answer is wanted any more, apart from the lane's own bound."""
        return self.expires_at


def plans(random: Random, number: int, span: float, only: str | None = None) -> list[Plan]:
    """Some jobs of mixed kinds, or of one, sent within a span of seconds."""
    made = []
    for index in range(number):
        kind = only or random.choices(list(KINDS), WEIGHTS)[0]
        plan = Plan(kind, f"prompt {index}", f"job-{index}", seconds=0.2 + 6 * random.random() ** 2)
        plan.sent_at = (span * random.random() ** 2,)
        if random.random() < 0.2:
            plan.group = "tenant"
        KINDS[kind][1](plan, random)
        if not plan.body:
            plan.body = _body(plan)
        plan.waited = plan.id is not None and random.random() < WAITED
        made += [plan, *plan.squatters]
    return made


def _body(plan: Plan) -> str:
    job: dict[str, Any] = {"prompt": plan.prompt}
    if plan.id is not None:
        job["id"] = plan.id
    if plan.formatted:
        job["format"] = FORMAT
    if plan.destination is not None:
        job["destination"] = plan.destination
    if plan.expires_at is not None:
        job["expires_at"] = (START + timedelta(seconds=plan.expires_at)).isoformat()
    return json.dumps(job)


def _good(_: Plan, __: Random) -> None:
    pass


def _nameless(plan: Plan, _: Random) -> None:
    plan.id = None


def _broken(plan: Plan, random: Random) -> None:
    plan.id, plan.body, plan.code = None, random.choice(("{", "[]", "null", '{"prompt": 1}')), "invalid_job"


def _invalid(plan: Plan, _: Random) -> None:
    plan.body, plan.code = json.dumps({"id": plan.id, "prompt": plan.prompt, "colour": 1}), "invalid_job"


def _stray(plan: Plan, _: Random) -> None:
    plan.destination, plan.code = "elsewhere", "unknown_destination"


def _formatted(plan: Plan, random: Random) -> None:
    plan.formatted = True
    plan.fails, plan.failures = random.choice((0, 1, NEVER)), ("format",)


def _shaky(plan: Plan, random: Random) -> None:
    plan.failures = tuple(random.choice(("stalled", "incomplete", "error", "hang")) for _ in range(2))
    plan.fails = random.choice((1, 2, 2))
    if random.random() < 0.5:
        plan.id = None


def _hopeless(plan: Plan, random: Random) -> None:
    plan.fails, plan.failures = NEVER, (random.choice(("stalled", "incomplete", "error")),)


def _mended(plan: Plan, random: Random) -> None:
    """It fails for good, and would succeed when a person tries again."""
    plan.fails, plan.failures = random.choice((3, 4)), ("error",)


def _slow(plan: Plan, random: Random) -> None:
    plan.seconds = 20 + 30 * random.random()


def _long(plan: Plan, random: Random) -> None:
    plan.seconds = 60 + 30 * random.random()


def _crasher(plan: Plan, random: Random) -> None:
    plan.fails, plan.failures = random.choice((1, NEVER)), ("crash",)


def _unlucky(plan: Plan, random: Random) -> None:
    plan.troubles = tuple(random.choice(("unavailable", "crash")) for _ in range(random.randint(1, 2)))


def _expiring(plan: Plan, random: Random) -> None:
    plan.expires_at = plan.sent_at[0] + random.choice((-10, 3, 10, 40)) + random.random()
    plan.seconds = 10


def _cancelled(plan: Plan, random: Random) -> None:
    plan.cancelled_at = max(0.0, plan.sent_at[0] + random.choice((-5, 1, 5, 20)) * random.random())
    plan.seconds = 20


def _repeated(plan: Plan, random: Random) -> None:
    first = plan.sent_at[0]
    plan.sent_at = tuple(first + random.choice((0, 1, 20, 60)) * random.random() for _ in range(random.randint(2, 3)))
    plan.fails, plan.failures = random.choice((0, 0, 1, NEVER)), ("error",)


def _poison(plan: Plan, random: Random) -> None:
    plan.fails, plan.failures, plan.seconds = NEVER, ("poison",), 0.5
    if random.random() < 0.3:
        plan.id = None


def _placed(plan: Plan, _: Random) -> None:
    plan.destination = "legal"


def _stored(plan: Plan, random: Random) -> None:
    plan.stored = _body(plan)
    if random.random() < 0.3:
        plan.stored, plan.code = None, "stored_job_missing"
    plan.body = json.dumps({"id": plan.id, "stored": True})


def _owned(plan: Plan, random: Random) -> None:
    """The client stored it, and strangers who know its id send something else: before, while and after it runs."""
    plan.stored = _body(plan)
    plan.fails, plan.failures = random.choice((0, 0, 1, NEVER)), ("error",)
    for number in range(random.randint(1, 3)):
        squatter = Plan("squatter", f"{plan.prompt} of stranger {number}", seconds=plan.seconds * random.random())
        squatter.sent_at = (max(0.0, plan.sent_at[0] + 20 * (random.random() - 0.5)),)
        squatter.body = json.dumps({"id": plan.id, "prompt": squatter.prompt})
        if random.random() < 0.4:
            squatter.body, squatter.code = json.dumps({"id": plan.id, "colour": 1}), "invalid_job"
        plan.squatters.append(squatter)


KINDS: dict[str, tuple[float, Callable[[Plan, Random], None]]] = {
    "good": (4, _good),
    "nameless": (1.5, _nameless),
    "broken": (1, _broken),
    "invalid": (0.6, _invalid),
    "stray": (0.4, _stray),
    "formatted": (1, _formatted),
    "shaky": (2, _shaky),
    "hopeless": (1, _hopeless),
    "mended": (1, _mended),
    "slow": (0.6, _slow),
    "long": (0.1, _long),
    "crasher": (0.8, _crasher),
    "unlucky": (1, _unlucky),
    "expiring": (1.2, _expiring),
    "cancelled": (1.2, _cancelled),
    "repeated": (1.5, _repeated),
    "poison": (0.35, _poison),
    "placed": (1, _placed),
    "stored": (0.8, _stored),
    "owned": (1, _owned),
}
"""How often, and what is special."""

WEIGHTS = [weight for weight, _ in KINDS.values()]
