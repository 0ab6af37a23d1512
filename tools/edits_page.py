"""The page of what an edit does: every field of a pool and of a placement profile, held against what is rendered."""

from __future__ import annotations

from laneway.schema.pool.pool import LLMWorkerPool
from laneway.schema.pool.profile import ProfileSpec
from laneway_operator.crd.edits import EDITS, PROFILE_EDITS, Does, Edit, leaves

TURNS = "../howto/upgrade-a-model.md#how-many-lanes-at-once"
INTRO = f"""\
# What an edit does

An edit of a pool does no more than it must. What Ollama and a worker's pod are made of is in the pod's template: such
an edit replaces the lane's workers, a quarter at a time, and each drains. All else **running workers read again**, or
is KEDA's alone. A test renders a pool before and after an edit of every field
(`tests/unit/operator/test_edits.py`); some are tried on a real API server (`tests/cluster/test_edits.py`).

| an edit | means |
|---|---|
| {Does.ROLLS} | in [the lane's turn]({TURNS}), draining: jobs go on for up to `drainTimeout`, no attempt is counted |
| {Does.REREAD} | within about two minutes: Kubernetes brings it to each pod, and the worker looks every five seconds |
| {Does.SCALES} | within seconds: the number of workers follows, and none is replaced |
| {Does.GATEWAYS} | one after the other: [requests that are held](../howto/gateway.md) go on; workers stay |
| {Does.PROJECTOR} | the one of before ends, and then the next one begins: rows come later, and no job notices |
| {Does.COUNTS} | within seconds: gateways are made, or leave; nothing holds that number afterwards |
| {Does.NOTHING} | the operator alone reads it |
| {Does.REFUSED} | by the API server |

**A job keeps what it was started with**: its time-out, expiry, attempts, cap of tokens, price and destinations. A job
that starts after the worker has read again has the new ones. Only the topic is asked for when the result is told. The
worker logs `settings changed`, with the names of what did. A new destination is in `pool.json` a little before every
worker knows it: wait two minutes before you send jobs that name it.

A document that a worker can't use changes nothing: it goes on with the one before, and logs once what is wrong. Of a
newer operator it passes over the fields that it doesn't know.

An edit of limits, topic, model or queues also replaces the dead-letter handler, which has no GPU and is seldom there;
and whatever a sender may read in `pool.json` is tried and published anew by the preflight.
"""
NOTES = """\

The images of the operator's Helm values (`image.worker`, `engines`), its pull secrets and `podReports` replace
every pool's workers; `image.gateway` and pull secrets every pool's gateways, as labels, annotations and pull secrets of
`pods` do. That a pool has a gateway at all, or has none any more, replaces no worker.
"""


def edits_page() -> str:
    """The page."""
    pool = _table("field", EDITS, list(leaves(LLMWorkerPool)))
    profiles = _table("field of a profile", PROFILE_EDITS, list(leaves(ProfileSpec)))
    return f"{INTRO}\n## The pool\n\n{pool}\n## Placement profiles\n\n{profiles}{NOTES}"


def _table(head: str, edits: dict[str, Edit], places: list[str]) -> str:
    rows = "".join(f"| `{place}` | {_words(edits[place])} | {edits[place].why} |\n" for place in places)
    return f"| {head} | an edit | why, and what else |\n|---|---|---|\n{rows}"


def _words(edit: Edit) -> str:
    return "; ".join(each.value for each in Does if each in edit.does)
