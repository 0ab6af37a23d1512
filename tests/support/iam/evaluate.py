"""What AWS decides of identity and bucket policies, as far as ours go: actions, resources, and five operators.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. moto's own enforcement can't
do it: an Allow whose condition doesn't hold denies there, and `?` is no wildcard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True)
class Call:
    """One request, as IAM sees it."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Condition keys that the request has."""

    def __str__(self) -> str:
        """For test ids."""
        return f"{self.action} {self.resource.rpartition(':')[2]}"


def allows(policy: dict[str, Any], call: Call) -> bool:
    """An Allow is needed, and a Deny wins."""
    effects = {each["Effect"] for each in policy["Statement"] if _concerns(each, call)}
    return effects == {"Allow"}


def denies(policy: dict[str, Any], call: Call) -> bool:
    """Whether a statement forbids it, whatever others allow."""
    return any(each["Effect"] == "Deny" and _concerns(each, call) for each in policy["Statement"])


def _concerns(statement: dict[str, Any], call: Call) -> bool:
    return (
        _any(_texts(statement["Action"]), call.action)
        and _any(_texts(statement["Resource"]), call.resource)
        and all(
            OPERATORS[operator](_texts(wanted), call.context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _any(patterns: Iterable[str], text: str) -> bool:
    return any(_like(pattern, text) for pattern in patterns)


def _like(pattern: str, text: str) -> bool:
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(each, re.escape(each)) for each in pattern), text, re.DOTALL) is not None


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


OPERATORS: Mapping[str, Callable[[list[str], str | None], bool]] = {
    "Bool": lambda wanted, given: given is not None and given in wanted,
    "Null": lambda wanted, given: ("true" if given is None else "false") in wanted,
    "StringEquals": lambda wanted, given: given is not None and given in wanted,
    "StringLike": lambda wanted, given: given is not None and _any(wanted, given),
}
