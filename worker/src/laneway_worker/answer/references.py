"""Where a reference of a JSON Schema leads: https://www.rfc-editor.org/rfc/rfc6901 in a URI's fragment. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

INDEX = re.compile(r"0|[1-9][0-9]{0,6}")


class LeadsNowhere(ValueError):
    """Not within the schema."""


def target(root: Any, reference: str) -> Any:
    """The schema that a reference of the form `#/…` leads to; raises `LeadsNowhere`."""
    if not (reference == "#" or reference.startswith("#/")):
        raise LeadsNowhere("only references of the form #/… can be used")
    node = root
    for part in unquote(reference).removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and INDEX.fullmatch(name) and int(name) < len(node):
            node = node[int(name)]
        else:
            raise LeadsNowhere("a reference leads nowhere")
    return node
