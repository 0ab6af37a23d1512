"""What every CustomResourceDefinition of ours has. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from laneway.schema.shared.names import GROUP, VERSION
from laneway_operator.crd.explained import explained
from laneway_operator.crd.structural import structural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from laneway_operator.crd.edits import Edit

Column = tuple[str, str, str, int]
"""Name, type, path, priority: those of priority 1 are shown by `-o wide`."""


@dataclass(frozen=True)
class Definition:
    """One kind."""

    kind: str
    plural: str
    short: str
    """What `kubectl get` takes, too."""
    scope: Literal["Namespaced", "Cluster"]
    categories: tuple[str, ...]
    """What `kubectl get` lists it under besides: `all` would show what has no namespace in each of them."""
    description: str
    spec: type[BaseModel]
    status: type[BaseModel]
    rules: dict[str, Any]
    """Of the whole object: its name."""
    columns: tuple[Column, ...]
    edits: Mapping[str, Edit]
    """Each field that has none inside → what its edit does."""
    edited: str = ""
    """Where the fields of `spec` stand there."""
    selectable: tuple[str, ...] = ()
    """What `kubectl get --field-selector` may ask for, on any Kubernetes from 1.32 on."""

    @property
    def name(self) -> str:
        """Of the object that defines it."""
        return f"{self.plural}.{GROUP}"

    def manifest(self) -> dict[str, Any]:
        """The whole object."""
        names = {
            "kind": self.kind,
            "listKind": f"{self.kind}List",
            "plural": self.plural,
            "singular": self.kind.lower(),
            "shortNames": [self.short],
            "categories": list(self.categories),
        }
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name},
            "spec": {"group": GROUP, "names": names, "scope": self.scope, "versions": [self._version()]},
        }

    def _version(self) -> dict[str, Any]:
        root = {
            "type": "object",
            "description": self.description,
            "required": ["spec"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                "spec": explained(structural(self.spec), self.edits, self.edited),
                "status": structural(self.status),
            },
            **self.rules,
        }
        return {
            "name": VERSION,
            "served": True,
            "storage": True,
            "subresources": {"status": {}},
            "selectableFields": [{"jsonPath": path} for path in self.selectable],
            "additionalPrinterColumns": [
                {"name": name, "type": kind, "jsonPath": path, "priority": priority}
                for name, kind, path, priority in self.columns
            ],
            "schema": {"openAPIV3Schema": root},
        }
