"""Ollama beside one worker: slow, failing, crashing or deadly, as each job's plan says. The records of a stream go
through the worker's own reader, so that an answer without its final record is one here too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from greenlet import GreenletExit

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import ServedModel
from laneway_worker.adapters.ollama.stream import Collected, error_of
from laneway_worker.errors import EngineBroken, EngineCrashed, EngineFailed, Interrupted, JobError, Unavailable
from laneway_worker.ports.replies import NO_CHANNEL
from laneway_worker.ports.runtime import silent
from laneway_worker.ports.stop import StopReason
from simulation.history import Proved, Ran

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.runtime import Answer
    from laneway_worker.ports.stop import Stop
    from laneway_worker.request.request import Request
    from simulation.history import History
    from simulation.jobs import Plan
    from simulation.scheduler import Process

DIGEST = "sha256:" + "0" * 64
MODEL = "gemma3:270m"
NO_END = 1e9


@dataclass(frozen=True)
class BlackHole:
    """An engine that loads its model and answers nothing, for a while."""

    since: float
    until: float
    how: str
    """`error`, `crash`, `stall`: what comes instead of an answer."""

    def swallows(self, now: float) -> bool:
        """Whether nothing is answered now."""
        return self.since <= now < self.until


NOWHERE = BlackHole(NO_END, NO_END, "error")


class Scripts:
    """What the engines of a world do with each prompt."""

    def __init__(self, plans: dict[str, Plan], random: Random, history: History, crashes: float) -> None:
        """`crashes`: how often a request takes the engine down, whoever sent it."""
        self.plans = plans
        self.random = random
        self.history = history
        self.crashes = crashes
        self.calm = False
        self.failed: dict[str, int] = dict.fromkeys(plans, 0)
        self.troubled: dict[str, int] = dict.fromkeys(plans, 0)
        self.answers = 0

    def step(self, prompt: str) -> str:
        """What becomes of the next request: trouble of the world first, then failures of the job's own."""
        plan = self.plans[prompt]
        if self.troubled[prompt] < len(plan.troubles):
            self.troubled[prompt] += 1
            return plan.troubles[self.troubled[prompt] - 1]
        if not self.calm and self.crashes and self.random.random() < self.crashes:
            return "crash"
        failed = self.failed[prompt]
        return plan.failures[min(failed, len(plan.failures) - 1)] if failed < plan.fails else "answer"


class SimEngine:
    """The runtime of one process."""

    def __init__(self, scripts: Scripts, process: Process, kill: Callable[[], None], hole: BlackHole) -> None:
        """`kill` ends the whole process."""
        self._hole = hole
        self._scripts = scripts
        self._process = process
        self._kill = kill
        self._changed = process.condition()
        self._up_at = process.scheduler.now + 2 * scripts.random.random()
        self._running: list[_Request] = []
        self._crashes: dict[int, tuple[Stop, int]] = {}  # by delivery: a job is charged from its second crash on

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        """Loaded, or on its way after a restart."""
        del tell
        if self._process.scheduler.now < self._up_at:
            raise Unavailable("the model is being loaded")
        return ServedModel(name=MODEL, digest=DIGEST)

    def prove(self, stop: Stop) -> None:
        """A question that no job asks."""
        self._process.sleep(0.1 + self._scripts.random.random())
        if self._process.scheduler.now < self._up_at:
            raise Unavailable("can't connect to Ollama")
        self._scripts.history.add(self._process.scheduler.now, self._process.name, Proved(not self._is_swallowed))
        if self._is_swallowed:
            raise EngineBroken("Ollama can't answer a question of two tokens: HTTP 500")
        if stop.reason is not None:
            raise Interrupted

    def serves(self, wanted: int) -> int:
        """As many."""
        return wanted

    def facts(self) -> None:
        """Nothing is known."""

    def lingers(self) -> float:
        """It lets go at once."""
        return 0.0

    @property
    def _is_swallowed(self) -> bool:
        return self._hole.swallows(self._process.scheduler.now)

    def generate(self, request: Request, stop: Stop, channel: Channel = NO_CHANNEL) -> Answer:
        """Follow the plan of the request's job."""
        prompt = request.body["prompt"]
        going = _Request(self._process, self._changed, self._scripts.plans[prompt], channel)
        self._running.append(going)
        stop.aborting(going.cut)
        try:
            answer = self._follow(self._scripts.step(prompt), going, request, stop)
        except GreenletExit:
            raise
        except EngineFailed as error:
            self._failed(going, error)
            raise
        except EngineCrashed:
            self._ran(going, "crashed", self._charge(prompt, stop))
            raise
        except Unavailable:
            self._ran(going, "unavailable")
            raise
        except Interrupted:
            self._interrupted(going, stop)
            raise
        finally:
            self._running.remove(going)
            stop.aborting(None)
        return answer

    def _failed(self, going: _Request, error: EngineFailed) -> None:
        if self._is_swallowed:
            self._ran(going, "swallowed")
        else:
            self._scripts.failed[going.plan.prompt] += 1
            self._ran(going, "failed", error.blame.code.value)

    def _interrupted(self, going: _Request, stop: Stop) -> None:
        if stop.reason is StopReason.TIMED_OUT and self._is_swallowed:
            self._ran(going, "swallowed until its time was over")
        elif stop.reason is StopReason.TIMED_OUT:
            self._scripts.failed[going.plan.prompt] += 1
            self._ran(going, "timed out", ErrorCode.TIMED_OUT.value)
        else:
            self._ran(going, f"stopped: {stop.reason.value if stop.reason else 'nobody knows why'}")

    def _charge(self, prompt: str, stop: Stop) -> str | None:
        """Which crash this is for the delivery: only one that hits the job alone, after another one, is its own."""
        before = self._crashes.get(id(stop), (stop, 0))[1]
        self._crashes[id(stop)] = (stop, before + 1)
        if before and len(self._running) == 1 and not self._is_swallowed:
            self._scripts.failed[prompt] += 1
            return ErrorCode.ENGINE_CRASHED.value
        return None

    def _ran(self, going: _Request, end: str, code: str | None = None, text: str | None = None) -> None:
        if not self._process.dead:
            now = self._process.scheduler.now
            ran = Ran(going.plan.prompt, going.since, end, code, text, going.plan.deadline)
            self._scripts.history.add(now, self._process.name, ran)

    def _follow(self, step: str, going: _Request, request: Request, stop: Stop) -> Answer:
        if self._process.scheduler.now < self._up_at:
            going.crashed = True
        elif step == "unavailable":
            raise error_of(503, "server busy")
        else:
            going.wait(going.plan.seconds * (0.2 + self._scripts.random.random()))
        self._end_early(going, stop)
        if self._is_swallowed and step != "poison":
            self._swallow(going, stop)
        if step == "crash":
            going.tell({"response": "half"})
            self._crash()
            raise EngineCrashed("Ollama cut the connection")
        if step == "poison":
            self._process.scheduler.after(0, self._kill)
            going.wait(None)
        if step == "hang":
            going.wait(None)
            self._end_early(going, stop)
        if step == "stalled":
            raise EngineFailed(JobError(ErrorCode.STALLED, "no token for 120 s"), "no token for 120 s")
        return self._stream(step, going, request, stop)

    def _swallow(self, going: _Request, stop: Stop) -> None:
        if self._hole.how == "crash":
            self._crash()
            raise EngineCrashed("Ollama cut the connection")
        if self._hole.how == "stall":
            going.wait(None)
            self._end_early(going, stop)
        raise error_of(500, "an error was encountered while running the model")

    @staticmethod
    def _end_early(going: _Request, stop: Stop) -> None:
        if stop.reason is not None:
            raise Interrupted
        if going.crashed:
            raise EngineCrashed("Ollama cut the connection")

    def _crash(self) -> None:
        """The runner dies under everybody, and takes its time to come back."""
        self._up_at = self._process.scheduler.now + 8 * self._scripts.random.random()
        for other in self._running:
            other.crash()

    def _stream(self, step: str, going: _Request, request: Request, stop: Stop) -> Answer:
        scripts = self._scripts
        scripts.answers += 1
        number = scripts.answers
        collected = Collected(request.path, self._process)
        text = f'{{"n": {number}}}' if going.plan.formatted else f"answer {number}"
        if step == "format":
            text = '{"n": "many"}'
        part = {"response": text[: len(text) // 2]}
        collected.add(part)
        going.tell(part)
        going.wait(0.2)
        self._end_early(going, stop)
        if step == "error":
            collected.add({"error": "something went wrong"})
        if step == "incomplete":
            answer = collected.answer()
            self._ran(going, "was taken for an answer")
            return answer
        final: dict[str, Any] = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 5}
        collected.add({"response": text[len(text) // 2 :], **final})
        answer = collected.answer()
        if step == "format":
            scripts.failed[going.plan.prompt] += 1
            self._ran(going, "answered badly", ErrorCode.FORMAT_NOT_MET.value)
        else:
            self._ran(going, "answered", None, text)
        return answer


class _Request:
    """One request on the engine."""

    def __init__(self, process: Process, changed: Any, plan: Plan, channel: Channel) -> None:
        self._changed = changed
        self.plan = plan
        self.channel = channel
        self.since = process.scheduler.now
        self.is_cut = False
        self.crashed = False

    def cut(self) -> None:
        """The worker closes the connection."""
        with self._changed:
            self.is_cut = True
            self._changed.notify_all()

    def crash(self) -> None:
        """The runner dies."""
        with self._changed:
            self.crashed = True
            self._changed.notify_all()

    def tell(self, record: dict[str, Any]) -> None:
        """A record goes to who waits."""
        self.channel.record(json.dumps(record).encode())

    def wait(self, seconds: float | None) -> None:
        """Until the next token comes, or never."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_cut or self.crashed, seconds)
