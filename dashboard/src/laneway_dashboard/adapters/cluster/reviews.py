"""Who asks and what they may, as the API server says: TokenReview and SubjectAccessReview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import GROUP, PLURAL
from laneway_dashboard.ports.visitors import Person, Right

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_dashboard.adapters.cluster.api_server import ApiServer

TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews"
ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
RIGHTS = {
    Right.LOOK: ("get", ""),
    Right.FAILED_JOBS: ("update", "failedjobs"),
    Right.PAUSE: ("update", "pause"),
    Right.TEXTS: ("get", "texts"),
}
"""Verb and subresource of a pool. The subresources are there for these questions alone: nothing is served by them."""


class Reviews:
    """Both ports. It asks each time: whoever is asked often remembers by themselves."""

    def __init__(self, api: ApiServer) -> None:
        """`api` may create reviews of both kinds."""
        self._api = api

    def who(self, token: str) -> Person | None:
        """By the authenticators that the API server has: ServiceAccounts, OIDC, webhooks."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
        status = self._api.call("POST", TOKENS, review).get("status", {})
        return person_of(status.get("user", {})) if status.get("authenticated") is True else None

    def may(self, person: Person, right: Right, pool: str) -> bool:
        """By the authorizers that the API server has."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {**_spec(person), "resourceAttributes": attributes(right, pool)},
        }
        status = self._api.call("POST", ACCESS, review).get("status", {})
        return status.get("allowed") is True and status.get("denied") is not True


def attributes(right: Right, pool: str) -> dict[str, str]:
    """What is asked for."""
    namespace, _, name = pool.partition("/")
    verb, subresource = RIGHTS[right]
    found = {"group": GROUP, "resource": PLURAL, "verb": verb, "namespace": namespace, "name": name}
    return found | ({"subresource": subresource} if subresource else {})


def person_of(user: Mapping[str, Any]) -> Person | None:
    """None where the review names nobody."""
    extra = tuple((name, tuple(values)) for name, values in sorted((user.get("extra") or {}).items()))
    name, groups = user.get("username", ""), tuple(user.get("groups") or ())
    return Person(name, user.get("uid", ""), groups, extra) if name else None


def _spec(person: Person) -> dict[str, Any]:
    extra = {name: list(values) for name, values in person.extra}
    return {"user": person.name, "uid": person.uid, "groups": list(person.groups), "extra": extra}
