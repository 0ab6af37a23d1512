"""Whose a place for results is, among pools whose places meet. Pure.

Anybody who may make a pool can name any place. So a name alone holds it only against younger pools, and only until the
pool's own identity has been refused there: one that has published `pool.json` is before all that have not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from laneway.schema.job.keys import Place


class Claim(NamedTuple):
    """A pool's word for where its results go."""

    created: str
    namespace: str
    name: str
    uid: str
    place: Place


def holder(own: Claim, others: Iterable[tuple[Claim, Mapping[str, Any]]], status: Mapping[str, Any]) -> Claim:
    """The pool that has the place of `own`; each of the others with its status."""
    rivals = [(claim, each) for claim, each in others if claim.place.meets(own.place) and _holds(each)]
    return min([(own, status), *rivals], key=lambda each: (not _published(each[1]), each[0][:4]))[0]


def _holds(status: Mapping[str, Any]) -> bool:
    """Not a pool that waits for a place itself, nor one whose identity was refused there."""
    conditions = _conditions(status)
    return (
        conditions.get("SpecAccepted", {}).get("reason") != Reason.RESULTS_SHARED
        and conditions.get("AccessVerified", {}).get("status") != "False"
    )


def _published(status: Mapping[str, Any]) -> bool:
    return bool(_conditions(status).get("AccessVerified", {}).get("status") == "True")


def _conditions(status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {each["type"]: each for each in status.get("conditions", [])}
