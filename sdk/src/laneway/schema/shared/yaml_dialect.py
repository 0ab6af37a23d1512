"""PyYAML made to read as Kubernetes' tools do, and to write so that every reader reads the same. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import yaml

from laneway.schema.shared.yaml_plain import Plain, read_plain

_YAML = "tag:yaml.org,2002:"
MERGE = f"{_YAML}merge"
TAGS: dict[type, str] = {
    each: f"{_YAML}{name}"
    for each, name in (
        *((str, "str"), (bool, "bool"), (int, "int"), (float, "float"), (type(None), "null")),
        *((dict, "map"), (list, "seq")),
    )
}
"""A type of JSON → how YAML names it."""
_NUMBERS = {TAGS[int], TAGS[float]}
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # besides the usual one: which of them a reader keeps, it decides
_AFTER_A_LINE = re.compile(r"^(---[ \t]*(?:#.*)?\r?\n)\ufeff", re.MULTILINE)
"""Files that were put together: kubectl takes what is between two lines for a file, whose mark it passes over."""
_NO_BLANKS = "\xa0\u2002\u2003\u2009\u200b\u202f\u3000"  # as word processors and chats have them

_Pairs = list[tuple[yaml.Node, yaml.Node]]


class Reader(yaml.SafeLoader):
    """Makes of a text what JSON has, and nothing else: no dates, no sets."""

    def __init__(self, text: str | bytes) -> None:
        """PyYAML decodes the whole of it."""
        super().__init__(text)
        self.buffer = _AFTER_A_LINE.sub(r"\1", self.buffer)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of what names none."""
        if kind is not yaml.ScalarNode or not implicit[0]:
            return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call] # because the stubs lack types here
        return MERGE if value == "<<" else TAGS[type(read_plain(value))]

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put merged keys where `<<` stands: of one that comes twice the last counts, merged or not."""
        pairs: _Pairs = []
        for key, value in node.value:
            pairs += self._merged(value) if key.tag == MERGE else [(key, value)]
        node.value = pairs

    def _merged(self, value: yaml.Node) -> _Pairs:
        """Of a list the first object wins."""
        pairs: _Pairs = []
        for each in reversed(value.value if isinstance(value, yaml.SequenceNode) else [value]):
            if not isinstance(each, yaml.MappingNode):
                words = "after << should stand an object, or a list of objects"
                raise yaml.constructor.ConstructorError(None, None, words, each.start_mark)
            self.flatten_mapping(each)
            pairs += each.value
        return pairs

    def scan_to_next_token(self) -> None:
        """Pass over tabs as well, but where they would indent. What only looks like a blank indents nothing."""
        scanner: Any = super()
        scanner.scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            scanner.scan_to_next_token()
        if self.peek() in _NO_BLANKS and self.allow_simple_key and not self.flow_level:
            words = f"found {unicodedata.name(self.peek()).lower()} (U+{ord(self.peek()):04X}) where blanks indent"
            raise yaml.scanner.ScannerError(None, None, words, self.get_mark())

    def construct_plain(self, node: yaml.ScalarNode) -> Plain:
        """What is no text, be it said by a tag or not."""
        value = read_plain(node.value)
        found = TAGS[type(value)]
        if found != node.tag and not {found, node.tag} <= _NUMBERS:
            words = f"{node.value!r} is no {node.tag.removeprefix(_YAML)}"
            raise yaml.constructor.ConstructorError(None, None, words, node.start_mark)
        return value


Reader.yaml_constructors = {
    None: Reader.construct_undefined,
    MERGE: Reader.construct_yaml_str,
    TAGS[str]: Reader.construct_yaml_str,
    TAGS[dict]: Reader.construct_yaml_map,
    TAGS[list]: Reader.construct_yaml_seq,
    **dict.fromkeys((TAGS[bool], TAGS[int], TAGS[float], TAGS[type(None)]), Reader.construct_plain),
}


class Writer(yaml.SafeDumper):
    """Writes equal parts out each time, and quotes what any reader might take for something else than a text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Never an alias."""
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Escaped where a line may end otherwise than usual."""
        return self.represent_scalar(TAGS[str], data, '"' if _LINE_ENDS.search(data) else None)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """What a reader would take a text without quotes for: PyYAML by its rules, Kubernetes' tools by theirs."""
        tag = str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call] # because the stubs lack types here
        return TAGS[type(read_plain(value))] if tag == TAGS[str] and implicit[0] else tag


Writer.add_representer(str, Writer.represent_str)
