"""People and their rights, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway_dashboard.errors import Unavailable

if TYPE_CHECKING:
    from laneway_dashboard.ports.visitors import Person, Right


@dataclass
class FakePeople:
    """Both ports; counts what is asked."""

    tokens: dict[str, Person] = field(default_factory=dict)
    rights: set[tuple[str, Right, str]] = field(default_factory=set)
    """Name, right, and namespace."""
    trouble: str | None = None
    asked: int = 0

    def who(self, token: str) -> Person | None:
        """Whose it is."""
        self._ask()
        return self.tokens.get(token)

    def may(self, person: Person, right: Right, pool: str) -> bool:
        """As it was set."""
        self._ask()
        return (person.name, right, pool.partition("/")[0]) in self.rights

    def _ask(self) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise Unavailable(self.trouble)
