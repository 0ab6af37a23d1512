"""One Ollama and who is on it: readiness, crashes, and each job's share of the accelerator."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway_worker.engine.doubts import SICK_SECONDS, SPENT_SECONDS, Doubts
from laneway_worker.engine.share import ShareClock
from laneway_worker.engine.slots import Slots
from laneway_worker.engine.waste import reason_of
from laneway_worker.errors import EngineBroken, EngineCrashed, EngineFailed, Interrupted, JobError, Unavailable
from laneway_worker.failing import Failing
from laneway_worker.ports.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway.schema.job.result import ServedModel
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.runtime import Answer, Runtime
    from laneway_worker.request.request import Request

RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 15.0
LONGEST_PREPARE_SECONDS = 60.0  # between tries to have a model that can't be had: each may ask a registry
CHECK_SECONDS = 10.0  # an idle engine may have been restarted without its model
RESTART_BUDGET_SECONDS = 600.0
SPIN_SECONDS = 60.0  # a request whose client has gone is let go of at once by an Ollama that is well
LONGEST_SPIN_SECONDS = 300.0  # for so long the jobs beside it may end before Ollama is started anew
UNREACHED = "the model is being loaded"
READINESS_GRACE_SECONDS = 60.0  # a not-ready pod is the first that scale-in takes


@dataclass(frozen=True)
class Generated:
    """An answer and the accelerator seconds it took."""

    answer: Answer
    gpu_seconds: float


class Engine:
    """Guards the runtime. All fields are guarded by the worker's one condition."""

    def __init__(
        self,
        runtime: Runtime,
        clock: Clock,
        changed: Condition,
        waste: Callable[[str, float], None],
        asked: Callable[[bool], None],
        wanted: int,
    ) -> None:
        """The engine is not ready before `watch` has seen the model loaded. `waste` is told the reason and the
        accelerator seconds of every answer that is thrown away, `asked` whether the engine could answer our own;
        `wanted` is how many requests the lane has at once.
        """
        self.waste = waste
        self._asked = asked
        self.doubts = Doubts(clock, changed)
        self._runtime = runtime
        self._clock = clock
        self._changed = changed
        self.model: ServedModel | None = None
        self.trouble = UNREACHED
        self.failing: Failing | None = None
        """What keeps the model from being served; None where it is served or on its way."""
        self.slots = Slots(wanted)
        self._pause = RETRY_SECONDS
        self._down_since: float | None = None
        self._spins = 0.0
        self._suspects = 0
        self._exclusive = False
        self._share = ShareClock(clock)

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        return self.model is not None

    @property
    def ready_enough(self) -> bool:
        """Readiness as the kubelet should see it: kept for a while after a crash."""
        down = None if self.doubts.broken_since is not None else self._down_since
        return self.ready or (down is not None and self._clock.monotonic() - down < READINESS_GRACE_SECONDS)

    @property
    def unusable(self) -> bool:
        """Whether the trouble will not pass by itself."""
        return self.failing is not None and self.failing.lasting

    @property
    def sick(self) -> str:
        """Why Ollama should be started anew; empty where it should not."""
        if self.doubts.broken_seconds >= SICK_SECONDS:
            return self.trouble
        if self._spins >= (SPIN_SECONDS if self._share.running == 0 else LONGEST_SPIN_SECONDS):
            return f"Ollama works on a request that was dropped {self._spins:.0f} s ago"
        return ""

    @property
    def spent(self) -> bool:
        """Whether the engine has been broken for so long that the worker should end."""
        return self.doubts.broken_seconds >= SPENT_SECONDS

    def watch_once(self, told: Callable[[], None]) -> float:
        """See that the model is loaded; returns the seconds until the next look. Called by one thread for ever; `told`
        is called while the model is on its way, whenever `trouble` says something new.
        """
        spins = self._runtime.lingers()
        with self._changed:
            self._spins = spins
            busy = self.ready and self._share.running > 0 and not self.doubts.open
        if busy:
            return CHECK_SECONDS
        try:
            model = self._runtime.prepare(lambda how_far: self._on_its_way(how_far, told))
            self._prove()
            self._measure()
        except Unavailable as error:
            return self._failed(error)
        self.failing, self._pause = None, RETRY_SECONDS
        self._set(model, "")
        return CHECK_SECONDS

    def _prove(self) -> None:
        """Ask the engine where it is in doubt; raises `Unavailable`."""
        number = self.doubts.raised
        if not self.doubts.open:
            return
        try:
            self._runtime.prove(Stop(self._changed))
        except EngineBroken:
            self._asked(False)  # noqa: FBT003 - it could not answer
            raise
        self._asked(True)  # noqa: FBT003 - it could
        self.doubts.settle(number)

    def _measure(self) -> None:
        """An engine on which this goes wrong may be broken: it is in doubt. Raises `Unavailable`."""
        try:
            self.slots.measure(self._runtime)
        except (EngineCrashed, EngineFailed):
            self.doubts.add()
            raise

    def _on_its_way(self, how_far: str, told: Callable[[], None]) -> None:
        self.failing = None
        self._set(None, how_far)
        told()

    def _failed(self, error: Unavailable) -> float:
        self.failing = Failing.again(self.failing, error, self._clock.monotonic())
        self._set(None, str(error))
        if not error.lasting:
            return RETRY_SECONDS
        self.doubts.confirm(broken=isinstance(error, EngineBroken))
        pause, self._pause = self._pause, min(LONGEST_PREPARE_SECONDS, self._pause * 2)
        return pause

    def _set(self, model: ServedModel | None, trouble: str) -> None:
        with self._changed:
            if model is not None:
                self._down_since = None
            elif self.model is not None:
                self._down_since = self._clock.monotonic()
            self.model = model
            self.trouble = trouble
            self._changed.notify_all()

    def generate(self, request: Request, stop: Stop, channel: Channel) -> Generated:
        """Answer a request. What goes wrong inside the engine is the job's fault only where the engine can answer
        others. Raises `JobError` and `Interrupted`.
        """

        def run() -> Answer:
            channel.started()
            return self._runtime.generate(request, stop, channel)

        try:
            return self._generate_twice(run, stop)
        except EngineFailed as error:
            if self.can_answer(lambda: stop.reason is not None):
                raise error.blame from error
            raise Interrupted from error

    def can_answer(self, gives_up: Callable[[], bool]) -> bool:
        """Whether the engine answers a question that is no job's, asked after this call; False where `gives_up` says
        so before, or nobody comes to be asked.
        """
        number = self.doubts.add()
        with self._changed:
            self._changed.wait_for(lambda: self.doubts.is_settled(number) or gives_up(), RESTART_BUDGET_SECONDS)
            return self.doubts.is_settled(number) and not self.doubts.confirms(number)

    def _generate_twice(self, run: Callable[[], Answer], stop: Stop) -> Generated:
        """A crash is nobody's fault the first time; the job runs again alone, and a second crash may be its own."""
        try:
            return self._generate(run, stop, alone=False)
        except EngineCrashed as error:
            self.doubts.add()
            self._set(None, str(error))
        with self._suspect(stop):
            try:
                return self._generate(run, stop, alone=True)
            except EngineCrashed as error:
                self._set(None, str(error))
                blame = JobError(ErrorCode.ENGINE_CRASHED, "Ollama crashed twice under this job")
                raise EngineFailed(blame, str(error)) from error

    def _generate(self, run: Callable[[], Answer], stop: Stop, *, alone: bool) -> Generated:
        """Generate when the engine lets the job on; what the engine refuses for now is tried again after a pause."""
        pause = RETRY_SECONDS
        while True:
            self._wait_for_engine(stop, alone=alone)
            try:
                with self._seat(stop) as began:
                    return Generated(run(), self._share_now() - began)
            except (EngineCrashed, EngineFailed):
                raise
            except Unavailable as error:
                self.doubts.add()
                self._set(None, str(error))
            with self._changed:
                self._changed.wait_for(lambda: stop.reason is not None, timeout=pause)
            pause = min(LONGEST_RETRY_SECONDS, pause * 2)

    def _wait_for_engine(self, stop: Stop, *, alone: bool) -> None:
        """Wait for the loaded model, and for suspects to have had their run; raises `Interrupted`, also where the
        engine's trouble will not pass by itself: others may do the job.
        """

        def open_() -> bool:
            return self.ready and (alone or self._suspects == 0)

        with self._changed:
            self._changed.wait_for(
                lambda: open_() or self.unusable or stop.reason is not None, timeout=RESTART_BUDGET_SECONDS
            )
            if not open_() or stop.reason is not None:
                raise Interrupted

    @contextmanager
    def _suspect(self, stop: Stop) -> Iterator[None]:
        """Run alone: wait until nobody is on the engine, and keep others off. Raises `Interrupted`."""
        with self._changed:
            self._suspects += 1
        try:
            with self._alone(stop):
                yield
        finally:
            with self._changed:
                self._suspects -= 1
                self._changed.notify_all()

    @contextmanager
    def _alone(self, stop: Stop) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: stop.reason is not None or self._empty)
            if not self._empty:
                raise Interrupted
            self._exclusive = True
        try:
            yield
        finally:
            with self._changed:
                self._exclusive = False

    @property
    def _empty(self) -> bool:
        return not self._exclusive and self._share.running == 0

    @property
    def takes_jobs(self) -> bool:
        """Whether new jobs may come: the model is loaded, nobody is under suspicion, and neither is the engine."""
        return self.ready and self._suspects == 0 and not self.doubts.open and self._spins < SPIN_SECONDS

    @contextmanager
    def _seat(self, stop: Stop) -> Iterator[float]:
        """Be counted among the running; yields the share clock's reading."""
        with self._changed:
            began = self._share.read(+1)
        stop.running(self._clock.monotonic())
        try:
            yield began
        except (JobError, Interrupted, Unavailable) as error:
            self.waste(reason_of(error, stop), self._share_now() - began)
            raise
        finally:
            stop.running(None)
            with self._changed:
                self._share.read(-1)
                self._changed.notify_all()

    def _share_now(self) -> float:
        with self._changed:
            return self._share.read()
