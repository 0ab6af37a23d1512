r"""Patterns of JSON Schema, written anew for Ollama's grammars. Pure.

Ollama makes grammar rules of a pattern by looking at its characters, and takes little of what people write: not `\d`,
nothing without `^…$`; a bare `]` has its server turn round for ever, `(a*)*` kills its runner, and what it can't read
it prints into its log. So a pattern is read by its meaning and written in the few forms that are safe; what can't be
read so is left to the check of the answer.
https://github.com/ggml-org/llama.cpp/blob/master/common/json-schema-to-grammar.cpp (_visit_pattern)
"""

from __future__ import annotations

import re
from functools import lru_cache

from laneway_worker.answer.patterns.characters import ANY, Set, written
from laneway_worker.answer.patterns.nodes import Chars, Choice, Edge, Node, Repeat, Sequence, Unreadable, choice_of
from laneway_worker.answer.patterns.reader import Reader

MOST_TOGETHER = 10_000  # of all repeats of a pattern: each is written out
MOST_OPTIONAL = 64  # parts of a pattern that may be left out: 200 take 14 s for the first token
MOST_READ = 2_048  # characters of one pattern as it was written
MOST_WRITTEN = 4_096  # characters of one pattern as it is written
NUMBER = re.compile(r"(?<=[{,])[0-9]+(?=[,}])")
ANYTHING = Repeat(Chars(ANY), 0, None)


@lru_cache(maxsize=512)  # alternatives have what stands beside them in common
def for_ollama(pattern: str) -> str:
    """The pattern as Ollama's grammars can have it; raises `Unreadable`."""
    if len(pattern) > MOST_READ:
        raise Unreadable
    options = _top(Reader(pattern).read())
    text = _write(choice_of(tuple(map(_whole, options))))
    optional = sum(map(text.count, ("?", "*", "{0,")))
    repeats = sum(int(number) for number in NUMBER.findall(text))
    if not text or len(text) > MOST_WRITTEN or optional > MOST_OPTIONAL or repeats > MOST_TOGETHER:
        raise Unreadable
    return f"^{text}$"


def _top(node: Node) -> tuple[Node, ...]:
    """The alternatives of a whole pattern, each of which may have its own `^` and `$`."""
    if isinstance(node, Choice):
        return tuple(each for option in node.options for each in _top(option))
    if isinstance(node, Sequence) and len(node.parts) == 1 and isinstance(node.parts[0], Choice):
        return _top(node.parts[0])
    return (node,)


def _whole(node: Node) -> Node:
    """As JSON Schema has it, a pattern without an edge is found anywhere."""
    parts = list(node.parts if isinstance(node, Sequence) else (node,))
    begin = [] if parts and parts[0] == Edge(begins=True) else [ANYTHING]
    end = [] if parts and parts[-1] == Edge(begins=False) else [ANYTHING]
    inner = [each for each in parts if each not in (Edge(begins=True), Edge(begins=False))]
    if len(parts) - len(inner) != 2 - len(begin) - len(end):
        raise Unreadable  # an edge inside
    return Sequence((*begin, *inner, *end)) if inner else Sequence(tuple(begin or end))


def _write(node: Node) -> str:
    match node:
        case Chars(of=found):
            return _written(found)
        case Sequence(parts=parts):
            return "".join(f"({_write(each)})" if isinstance(each, Choice) else _write(each) for each in parts)
        case Choice(options=options):
            return _write_choice(options)
        case Repeat(part=part, least=least, most=most):
            return _write_part(part) + _write_quantifier(least, most)
        case _:
            raise Unreadable


def _write_choice(options: tuple[Node, ...]) -> str:
    """An empty alternative becomes one that may be left out."""
    texts = [each for each in map(_write, options) if each]
    if len(texts) == len(options):
        return "|".join(texts)
    return f"({'|'.join(texts)})?" if texts else ""


def _write_part(part: Node) -> str:
    text = _write(part)
    if not text:
        raise Unreadable
    return text if isinstance(part, Chars) and text.startswith("[") else f"({text})"


def _write_quantifier(least: int, most: int | None) -> str:
    if (least, most) in ((0, None), (1, None), (0, 1)):
        return {(0, None): "*", (1, None): "+", (0, 1): "?"}[least, most]
    return f"{{{least},{'' if most is None else most}}}"


def _written(found: Set) -> str:
    text = written(found)
    if not text:
        raise Unreadable  # no character at all
    return text
