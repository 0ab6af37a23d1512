"""One-line faults in the worker's own code. The simulation has to catch each, or it proves nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import laneway_worker


class Mutant(NamedTuple):
    """A fault: a text that stands exactly once in a file of the worker becomes another one."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "delete before the result is written",
        "deliver/commit.py",
        "        replaces = lease.delivery.read_history().replaces\n",
        "        self._delete(self._leases.close(lease))\n        replaces = lease.delivery.read_history().replaces\n",
    ),
    Mutant(
        "ignore 412: take our own result for the one that stands",
        "deliver/results.py",
        "            return self.winner(result.id, result)\n",
        '            return Committed(result, "", ours=True)\n',
    ),
    Mutant(
        "treat 412 as trouble and try again",
        "deliver/results.py",
        "            return self.winner(result.id, result)\n",
        '            raise Unavailable("412") from None\n',
    ),
    Mutant(
        "write results without a condition",
        "adapters/aws/s3.py",
        'IfNoneMatch="*", ',
        "",
    ),
    Mutant(
        "heartbeat after acknowledging: close does not wait",
        "deliver/lease.py",
        "            self._changed.wait_for(lambda: lease.beats == 0)\n",
        "",
    ),
    Mutant(
        "count an interruption as an attempt",
        "consume/work.py",
        "                return Released()\n\n    def _ended(",
        '                return self._failed(task, JobError(ErrorCode.STALLED, "stopped"))\n\n    def _ended(',
    ),
    Mutant(
        "drop the history when a job is sent again",
        "consume/work.py",
        "task.history.with_failure(failure.code",
        'task.history.model_copy(update={"failures": ()}).with_failure(failure.code',
    ),
    Mutant(
        "forget the dead letters",
        "consume/dead_letters.py",
        "        task = Task.of(lease.delivery, self._clock.now(), self._live)\n",
        "        return Released()\n        task = Task.of(lease.delivery, self._clock.now(), self._live)\n",
    ),
    Mutant(
        "prefetch one message",
        "consume/consumer.py",
        "return self._slots() - self._busy if ready else 0",
        "return self._slots() + 1 - self._busy if ready else 0",
    ),
    Mutant(
        "drop what the last poll brings after SIGTERM",
        "consume/consumer.py",
        "            self._end(lease, Released(), received)\n",
        "            self._end(lease, Lost(), received)\n",
    ),
    Mutant(
        "go on receiving after SIGTERM",
        "consume/consumer.py",
        "            while self._phase is Phase.RUNNING:\n",
        "            while self._phase is not Phase.LEAVING:\n",
    ),
    Mutant(
        "take a stream without its final record for an answer",
        "adapters/ollama/stream.py",
        "        final = self._final\n        if final is None:",
        "        final = self._final or {}\n        if final is None:",
    ),
    Mutant(
        "acknowledge by the first handle after a redelivery",
        "deliver/lease.py",
        "            lease.receipt = delivery.receipt\n            lease.expires",
        "            lease.expires",
    ),
    Mutant(
        "start a redelivered job that runs here a second time",
        "consume/consumer.py",
        "        if self._leases.adopt(delivery, received):\n            return\n",
        "",
    ),
    Mutant(
        "forget the failed job",
        "deliver/commit.py",
        "        if is_kept(lease.delivery, committed.result):\n",
        "        if is_kept(lease.delivery, committed.result) and committed.ours:\n",
    ),
    Mutant(
        "a person's retry replaces without If-Match",
        "deliver/results.py",
        "self._store.replace(bucket, key, result.to_json(), replaces)",
        "self._store.replace(bucket, key, result.to_json(), self._store.etag(bucket, key) or replaces)",
    ),
    Mutant(
        "a person's retry may replace an answer",
        "deliver/results.py",
        "if standing.etag == etag and standing.result.status in REPLACEABLE:",
        "if standing.etag == etag:",
    ),
    Mutant(
        "a lease is never lost by its own deadline",
        "deliver/lease.py",
        "if not each.closed and each.expires <= now]",
        "if not each.closed and each.expires <= now - 1e6]",
    ),
    Mutant(
        "ignore the deadline while a job runs",
        "consume/work.py",
        "            alive = (deadline - self._clock.now()).total_seconds()\n",
        "            alive = 1e6\n",
    ),
    Mutant(
        "let the lane's time-out pass",
        "consume/work.py",
        "            left = timeout - stop.running_seconds(self._clock.monotonic())\n",
        "            left = 1e6\n",
    ),
    Mutant(
        "tell before the result is written",
        "deliver/commit.py",
        "        return self._patiently(lease, lambda: self._results.commit(record, replaces))\n",
        "        from laneway_worker.deliver.results import Committed as Early\n"
        '        early = self._notification(Early(record, "x", ours=True))\n'
        '        self._patiently(lease, lambda: self._notifier.publish(self._live.now.topic_arn or "", early))\n'
        "        return self._patiently(lease, lambda: self._results.commit(record, replaces))\n",
    ),
    Mutant(
        "give back without end instead of sending a fresh copy",
        "deliver/commit.py",
        "FRESH_COPY_FROM = 5 ",
        "FRESH_COPY_FROM = 500 ",
    ),
    Mutant(
        "tell nobody where another worker's result is found",
        "deliver/commit.py",
        "        if topic is not None:\n",
        "        if topic is not None and committed.ours:\n",
    ),
    Mutant(
        "ignore the second SIGTERM",
        "consume/consumer.py",
        "        for lease in held:\n            lease.stop.set(StopReason.LEAVING)\n",
        "",
    ),
    Mutant(
        "receive in a quiet time",
        "consume/consumer.py",
        "        asleep = self._gate.asleep\n",
        "        asleep = False\n",
    ),
    Mutant(
        "begin what a poll brings in a quiet time",
        "consume/consumer.py",
        "self._phase is Phase.RUNNING and not self._gate.asleep",
        "self._phase is Phase.RUNNING",
    ),
    Mutant(
        "charge the job without asking the engine",
        "engine/engine.py",
        "            if self.can_answer(lambda: stop.reason is not None):\n",
        "            if stop.reason is None:\n",
    ),
    Mutant(
        "charge a time-out without asking the engine",
        "consume/work.py",
        "            case StopReason.TIMED_OUT if self._engine.can_answer(lambda: stop.leaving):\n",
        "            case StopReason.TIMED_OUT:\n",
    ),
    Mutant(
        "go on receiving with a broken engine",
        "engine/engine.py",
        "        return self.ready and self._suspects == 0 and not self.doubts.open and self._spins < SPIN_SECONDS\n",
        "        return self._suspects == 0\n",
    ),
    Mutant(
        "give up at the first answer that breaks a rule",
        "deliver/retry.py",
        "(each.code, each.message) == (error.code, str(error)) for each in before",
        "True for each in (*before, error)",
    ),
    Mutant(
        "give an id to whoever names it",
        "deliver/claims.py",
        "            if is_request(stored.body, task) and self._is_meant(stored, job_id, task):\n",
        "            if self._is_meant(stored, job_id, task):\n",
    ),
    Mutant(
        "hold the commit until a gateway has heard of all",
        "deliver/commit.py",
        "        record = self._place(",
        "        channel = lease.channel\n"
        '        told = lambda: channel.lost or getattr(channel, "_put", 0) == getattr(channel, "_taken", 0)\n'
        "        with self._leases._changed:\n"
        "            while not told() and not lease.stop.leaving:\n"
        "                self._leases._changed.wait_for(told, 0.1)\n"
        "        record = self._place(",
    ),
    Mutant(
        "fail the job where a gateway is lost",
        "adapters/replies/channel.py",
        "        if not self._tells or self.lost:\n            return\n",
        "        if self.lost:\n"
        "            from laneway.schema.job.codes import ErrorCode\n"
        "            from laneway_worker.errors import JobError\n"
        '            raise JobError(ErrorCode.ENGINE_ERROR, "nobody hears")\n',
    ),
    Mutant(
        "tell of the end before the result is written",
        "deliver/commit.py",
        "        replaces = lease.delivery.read_history().replaces\n",
        '        lease.channel.ended(record, "early")\n        replaces = lease.delivery.read_history().replaces\n',
    ),
    Mutant(
        "tell more after the end",
        "adapters/replies/channel.py",
        '"sha256": sha256(_text(result)).hexdigest()}), OVER)',
        '"sha256": sha256(_text(result)).hexdigest()}), b\'{"record":{"response":""}}\\n\', OVER)',
    ),
    Mutant(
        "tell nobody that a job is given back",
        "deliver/lease.py",
        '        lease.channel.again("given_back")\n',
        "",
    ),
    Mutant(
        "begin anew without a word",
        "adapters/replies/channel.py",
        '        self.again("given_back")\n        if not self._over:\n',
        "        if not self._over:\n",
    ),
    Mutant(
        "look for the cancel of who has hung up with the next heartbeat",
        "consume/work.py",
        "stop.reason is not None or task.channel.lost is not lost",
        "stop.reason is not None",
    ),
    Mutant(
        "forget who waits when a job is sent again",
        "consume/work.py",
        "task.history.with_failure(failure.code",
        'task.history.model_copy(update={"reply": None}).with_failure(failure.code',
    ),
    Mutant(
        "tell the events queue before the result is written",
        "deliver/commit.py",
        "        replaces = lease.delivery.read_history().replaces\n",
        "        from laneway_worker.deliver.results import Committed as Early\n"
        '        self._telling.tell(lease, Early(record, "early", ours=True))\n'
        "        replaces = lease.delivery.read_history().replaces\n",
    ),
    Mutant(
        "tell the events queue nothing of another worker's result",
        "deliver/commit.py",
        "        if self._telling.tell(lease, committed) is Told.LATER:\n",
        "        if committed.ours and self._telling.tell(lease, committed) is Told.LATER:\n",
    ),
    Mutant(
        "delete what the events queue has not taken",
        "deliver/commit.py",
        "        if self._telling.tell(lease, committed) is Told.LATER:\n",
        "        if self._telling.tell(lease, committed) is None:\n",
    ),
    Mutant(
        "let a retry's result have the revision of what it replaces",
        "deliver/results.py",
        'update={"revision": replaced.revision + 1}',
        'update={"revision": replaced.revision}',
    ),
    Mutant(
        "tell the events queue the answer, too",
        "deliver/events.py",
        "output=live.events_output",
        "output=True",
    ),
    Mutant(
        "charge the first crash of the engine",
        "engine/engine.py",
        "            self._set(None, str(error))\n        with self._suspect(stop):",
        '            raise JobError(ErrorCode.ENGINE_CRASHED, "crashed") from error\n        with self._suspect(stop):',
    ),
)


def mutate(mutant: Mutant, folder: Path) -> None:
    """Copy the worker's package into a folder, with the fault in it."""
    package = folder / "laneway_worker"
    shutil.copytree(Path(laneway_worker.__file__).parent, package)
    file = package / mutant.file
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        compiled.unlink()
    text = file.read_text()
    if text.count(mutant.old) != 1:
        raise AssertionError(f"{mutant.name}: its text stands {text.count(mutant.old)} times in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new))
