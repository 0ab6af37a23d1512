from __future__ import annotations

from laneway_operator.queues.recent import TRUST_SECONDS, Recent
from laneway_operator.reconcile.runner import RESYNC_JITTER, RESYNC_SECONDS


def test_what_was_seen_is_trusted_for_a_while() -> None:
    recent = Recent[str, int]()
    recent.put("a", 1, 100)
    assert recent.get("a", 100 + TRUST_SECONDS - 1) == 1
    assert recent.get("a", 100 + TRUST_SECONDS) is None
    assert recent.get("b", 100) is None


def test_nothing_is_kept_for_longer_than_it_is_trusted() -> None:
    recent = Recent[int, int]()
    for each in range(1000):
        recent.put(each, each, each * TRUST_SECONDS)
    assert len(recent) == 1


def test_what_is_gone_is_trusted_no_more() -> None:
    recent = Recent[str, int]()
    recent.put("a", 1, 0)
    recent.put("b", 2, 0)
    recent.drop(lambda each: each == "a")
    assert (recent.get("a", 0), recent.get("b", 0)) == (None, 2)


def test_every_look_at_a_pool_that_comes_by_itself_looks_at_its_queues() -> None:
    assert RESYNC_SECONDS * (1 - RESYNC_JITTER) > TRUST_SECONDS
    assert RESYNC_SECONDS == 600, "the documentation says ten minutes"
