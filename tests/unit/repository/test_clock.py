"""The time of day arrives as a value. No contract of imports can hold that: `datetime` is a type as well as a clock."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCES = ("worker/src", "operator/src", "sdk/src/laneway/schema", "sdk/src/laneway/iam")
MAY_ASK = ["operator/src/laneway_operator/app.py", "worker/src/laneway_worker/adapters/clock.py"]
"""A composition root and an adapter."""


def asks_for_the_time(node: ast.AST) -> bool:
    """`datetime.now`, `datetime.datetime.utcnow`, `date.today` and their like, called or handed on."""
    if not isinstance(node, ast.Attribute) or node.attr not in {"now", "utcnow", "today"}:
        return False
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return owner in {"date", "datetime"}


def test_only_a_composition_root_and_an_adapter_ask_what_time_of_day_it_is() -> None:
    files = [file for place in SOURCES for file in sorted((ROOT / place).rglob("*.py"))]
    asking = [file for file in files if any(map(asks_for_the_time, ast.walk(ast.parse(file.read_text()))))]
    assert sorted(str(each.relative_to(ROOT)) for each in asking) == MAY_ASK
