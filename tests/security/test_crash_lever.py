"""A message that crashes the engine each time costs its neighbours two crashes and not two an attempt."""

from __future__ import annotations

from laneway_worker.errors import EngineCrashed
from support.worker.lane import Gate, Lane, documents_with


def test_one_message_crashes_the_engine_twice_at_most_and_its_neighbour_is_answered_uncharged() -> None:
    gates = [Gate(EngineCrashed("Ollama's runner stopped")), Gate(EngineCrashed("Ollama's runner stopped"))]
    poison = Gate(EngineCrashed("Ollama's runner stopped"))
    lane = Lane(documents_with({"max_attempts": 10}, parallel=2), *gates, poison)
    lane.start()
    lane.run(id="poison")
    lane.run(id="neighbour")
    for gate in gates:  # the first crash hits both
        lane.let_go(gate)
    lane.let_go(poison)
    lane.pass_time(3600)
    ends = {job: lane.result(job).status for job in ("poison", "neighbour")}
    assert sorted(ends.values()) == ["failed", "succeeded"]
    assert lane.result("neighbour").failures == lane.result("poison").failures == ()
    assert len(lane.runtime.requests) == 4
    lane.close()
    assert lane.clock.errors == []
