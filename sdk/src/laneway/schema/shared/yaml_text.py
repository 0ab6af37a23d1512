"""YAML of Kubernetes: documents whose aliases may not grow without end, and what is no YAML in one line. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from laneway.schema.shared.base import shown
from laneway.schema.shared.yaml_dialect import Reader, Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)
"""What PyYAML raises: RecursionError of what is nested too deep."""
_COLUMN = "fields of one object begin in one column"
_ADVICE = tuple(
    (re.compile(words), advice)
    for words, advice in (
        (r"found character '\\t'", "indent with spaces, not with tabs"),
        (r"found character '([%@`])'", r"a text that begins with \1 goes in quotes"),
        (r"alias", "in YAML a * begins an alias: a text that begins with it goes in quotes"),
        (r"anchor", "in YAML an & begins an anchor: a text that begins with it goes in quotes"),
        (r"tag '(!)", r"a text that begins with \1 goes in quotes"),
        (r"block scalar", "a text that begins with | or > goes in quotes"),
        (r"the node content, but found '([,\]}])'", r"a text that begins with \1 goes in quotes"),
        (r"where blanks indent", "retype what is before the field"),
        (r"mapping values", f"{_COLUMN}; a text with a colon and a blank goes in quotes"),
        (r"<block end>", f"{_COLUMN}; nothing follows the closing quote of a text, and a ' in '…' is written twice"),
        (r"unknown escape", "in \"…\" a backslash is written twice, in '…' once"),
        (r"expected ':'", "a field is its name, a colon, a blank and its value"),
        (r"sequence entries", "a list begins on a line of its own"),
        (r"end of stream|stream end", "close the quote or the bracket"),
        (r"(start|continuation) byte|end of data", "save it as UTF-8"),
    )
)
"""In PyYAML's words → what to do."""
_TEMPLATE = "what stands in {{ }}, {% %} or ${ } is filled in by a template first; as a text it goes in quotes"
_FILLED_IN = re.compile(r"\{\{|\{%|\{#|\$\{")
_NO_CODE = re.compile(r"""'[^']*'|"[^"]*"|(?:^|\s)#.*""")
"""What is a text or a remark in a line."""
MOST_SHOWN = 300  # characters of PyYAML's words
MAX_NODES = 100_000  # values of one document, an alias counted as all that it stands for; a pool of 16 lanes has 2,000


class BadYAML(NamedTuple):
    """Where a text is not YAML, and why."""

    line: int
    """0 where PyYAML doesn't tell."""
    column: int
    words: str

    def __str__(self) -> str:
        """In one line."""
        return f"line {self.line}, column {self.column}: {self.words}" if self.line else self.words


def read_yaml(text: str | bytes) -> list[Any]:
    """Every document; raises what `NOT_YAML` holds."""
    return [value_of(root) for root in roots(text)]


def roots(text: str | bytes) -> list[yaml.Node]:
    """Every document as it is written, with the lines; raises what `NOT_YAML` holds."""
    found = []
    for root in yaml.compose_all(text, Loader=Reader):
        _refuse_growth(root)
        found.append(root)
    return found


def value_of(root: yaml.Node) -> Any:
    """What JSON has; raises what `NOT_YAML` holds."""
    return Reader("").construct_document(root)


def write_yaml(documents: Iterable[Any]) -> str:
    """So that PyYAML and Kubernetes' tools read the same."""
    return yaml.dump_all(documents, Dumper=Writer, sort_keys=False, width=120, allow_unicode=True)


def _refuse_growth(root: yaml.Node) -> None:
    """Aliases of aliases make gigabytes of a few lines: refused before anything is made; raises `YAMLError`."""
    if _size(root, {}) > MAX_NODES:
        words = f"its aliases stand for more than {MAX_NODES:,} values; write them out"
        raise yaml.MarkedYAMLError(problem=words, problem_mark=root.start_mark)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Values in a node, each node looked at once; what holds itself is too large."""
    if id(node) not in known:
        known[id(node)] = MAX_NODES + 1
        known[id(node)] = min(MAX_NODES + 1, 1 + sum(_size(each, known) for each in _within(node)))
    return known[id(node)]


def _within(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def bad_yaml(error: Exception) -> BadYAML:
    """What PyYAML says in several lines. It quotes tags, which hold any character as `%1b`."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return BadYAML(0, 0, _advised(str(error).splitlines()[0], _advice(str(error))))
    words = ": ".join(each for each in (_context(error, mark.line), getattr(error, "problem", None)) if each)
    return BadYAML(
        mark.line + 1, mark.column + 1, _advised(words, _TEMPLATE if _in_template(error) else _advice(words))
    )


def _in_template(error: Any) -> bool:
    """Whether a line that PyYAML was at is to be filled in; the one before may have ended too early for it."""
    mark, begin = error.problem_mark, getattr(error, "context_mark", None) or error.problem_mark
    lines = (mark.buffer or "").splitlines()[max(0, min(begin.line, mark.line - 1)) : mark.line + 1]
    return any(_FILLED_IN.search(_NO_CODE.sub("", each)) for each in lines)


def _context(error: Exception, line: int) -> str:
    """What PyYAML was at; from which line on, where that is another one."""
    words, mark = getattr(error, "context", None) or "", getattr(error, "context_mark", None)
    return f"{words} from line {mark.line + 1} on" if words and mark is not None and mark.line != line else words


def _advice(words: str) -> str:
    found = ((pattern.search(words), advice) for pattern, advice in _ADVICE)
    return next((match.expand(advice) for match, advice in found if match), "")


def _advised(words: str, advice: str) -> str:
    return f"not YAML: {shown(words, MOST_SHOWN)}{'; ' if advice else ''}{advice}"
