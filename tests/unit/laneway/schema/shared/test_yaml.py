"""YAML as Kubernetes' tools read it: what texts stand for, what is written so that all read the same, what is broken.

What they read was measured with sigs.k8s.io/yaml 1.4.0: these, and 60,000 random texts of the same characters.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.shared.yaml_plain import read_plain
from laneway.schema.shared.yaml_text import NOT_YAML, bad_yaml, read_yaml, write_yaml
from support.inputs.jobs import PROPERTY

READ: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
    "0": 0,
    "-0": 0,
    "+1": 1,
    "4711": 4711,
    "123456789012": 123456789012,
    "000000000000": 0,
    "0123": 83,
    "08": 8,
    "09.5": 9.5,
    "0o7": 7,
    "0O7": 7,
    "-0x1F": -31,
    "0X1f": 31,
    "0b11": 3,
    "0B11": 3,
    "1_000": 1000,
    "1__0": 10,
    "12_": 12,
    "-_1": -1,
    "0x_1": 1,
    "1_e3": 1000,
    ".1_0": 0.1,
    "72225e2": 7222500,
    "1e3": 1000,
    "1E+3": 1000,
    "12e03": 12000,
    ".5e3": 500,
    "1.": 1,
    "-.5": -0.5,
    "0e5": 0,
    "4.0": 4,
    "1.5": 1.5,
    "1e20": 10**20,
    "1e21": 1e21,
    "1e-400": 0,
    "18446744073709551615": 2**64 - 1,
    "18446744073709551616": 2**64,
    "-9223372036854775808": -(2**63),
    ".inf": math.inf,
    "+.Inf": math.inf,
    "-.INF": -math.inf,
}
TEXTS = (
    *("1:30", "1:30:00", "190:20:30.15", "2026-01-01", "2026-01-01T10:00:00Z", "=", "1e999", "0x", "0o8", "0b2", "_1"),
    *("1a", "1e", "e3", ".", "..", ".e3", "1.2.3", "0x1p3", "00x1", "tRUE", "nO", "nan", "inf", ".iNf", "-~", "1,000"),
    *("\N{ARABIC-INDIC DIGIT THREE}", "9" * 5000, "0x" + "f" * 17),
)


@pytest.mark.parametrize(("text", "value"), READ.items(), ids=map(repr, READ))
def test_what_is_no_text_without_quotes(text: str, value: object) -> None:
    assert (read_plain(text), type(read_plain(text))) == (value, type(value))
    assert read_yaml(f"a: {text}") == [{"a": value}]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:20])
def test_what_is_a_text_without_quotes(text: str) -> None:
    assert read_yaml(f"a: {text}") == [{"a": text}]


@pytest.mark.parametrize("text", [*READ, *TEXTS, ".nan", "<<"], ids=lambda text: repr(text[:20]))
def test_every_reader_reads_the_texts_that_are_written(text: str) -> None:
    document = {"a": text, text: "a", "b": [text]}
    written = write_yaml([document])
    assert read_yaml(written) == [document]
    assert yaml.safe_load(written) == document


@PROPERTY
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_written_so_that_it_is_read_again(text: str) -> None:
    written = write_yaml([{"a": text}])
    assert read_yaml(written) == [{"a": text}]
    assert yaml.safe_load(written) == {"a": text}


@pytest.mark.parametrize("character", ["\x85", "\N{LINE SEPARATOR}", "\N{PARAGRAPH SEPARATOR}"])
def test_ends_of_lines_that_some_readers_fold_are_escaped(character: str) -> None:
    assert character not in write_yaml([{"a": f"b{character}c"}])


def test_equal_parts_are_written_out() -> None:
    part = {"a": 1}
    assert write_yaml([[part, part]]) == "- a: 1\n- a: 1\n"


@pytest.mark.parametrize("text", ["a:\tb", "a: 1\t# why", "a: 1\t", '{\n\t"a":\t1\n}', "a: [1,\t2]\t"], ids=repr)
def test_tabs_may_stand_where_they_do_not_indent(text: str) -> None:
    assert list(read_yaml(text)[0]) == ["a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &q {x: 1}\nb: {x: 2, <<: *q}", 1),
        ("a: &q {x: 1}\nb: {<<: *q, x: 2}", 2),
        ("a: &q {x: 1}\nc: &r {x: 3}\nb: {<<: [*q, *r]}", 1),
    ],
    ids=["before", "after", "the first of two"],
)
def test_keys_are_merged_where_they_stand(text: str, value: int) -> None:
    assert read_yaml(text)[0]["b"] == {"x": value}


MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", " # the second\n"], ids=repr)
@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16"])
def test_each_of_the_files_that_were_put_together_may_begin_with_a_mark(end: str, code: str) -> None:
    """kubectl divides them at the lines, and passes over a mark after each: seen with its 1.34."""
    text = f"a: 1\n---{end}{MARK}---\nb: 2\n---{end}{MARK}# no more"
    assert read_yaml(text) == read_yaml(text.encode(code)) == [{"a": 1}, None, {"b": 2}, None]


@pytest.mark.parametrize("text", [f"a: 1\n{MARK}b: 2", f"---\n\n{MARK}a: 1\nb: 2"], ids=["inside", "later"])
def test_a_mark_elsewhere_is_a_character_as_for_kubectl(text: str) -> None:
    assert [name for name in read_yaml(text)[0] if name.startswith(MARK)]


QUOTES = "goes in quotes"
ALIAS = f"in YAML a * begins an alias: a text that begins with it {QUOTES}"
COLUMN = "fields of one object begin in one column"
TABS = "character '\\t' that cannot start any token; indent with spaces, not with tabs"
TEMPLATE = f"what stands in {{{{ }}}}, {{% %}} or ${{ }} is filled in by a template first; as a text it {QUOTES}"
NODE = "while parsing a flow node: expected the node content, but found"
BROKEN = {
    "a: */30 8 * * *": f"line 1, column 5: not YAML: while scanning an alias: expected alphabetic or numeric "
    f"character, but found '/'; {ALIAS}",
    "a: * * * * *": f"but found ' '; {ALIAS}",
    "a: *\n": f"; {ALIAS}",
    "a: *main": f"found undefined alias 'main'; {ALIAS}",
    "a: &&b": f"in YAML an & begins an anchor: a text that begins with it {QUOTES}",
    "a: @team": f"found character '@' that cannot start any token; a text that begins with @ {QUOTES}",
    "a: `b`": f"a text that begins with ` {QUOTES}",
    "a: %b": f"a text that begins with % {QUOTES}",
    "a: !b c": f"could not determine a constructor for the tag '!b'; a text that begins with ! {QUOTES}",
    "a: ,b": f"a text that begins with , {QUOTES}",
    "a: ]b": f"a text that begins with ] {QUOTES}",
    "a: >5%": f"a text that begins with | or > {QUOTES}",
    "a: {{ b }}": f"found unhashable key; {TEMPLATE}",
    "a:\n\tb: 1": f"line 2, column 1: not YAML: while scanning for the next token: found {TABS}",
    "a: b: c": f"mapping values are not allowed here; {COLUMN}; a text with a colon and a blank {QUOTES}",
    "a:\n  b: 1\n c: 2": f"expected <block end>, but found '<block mapping start>'; {COLUMN}; nothing follows",
    "a: 'it's'": "and a ' in '…' is written twice",
    'a: "C:\\p"': "found unknown escape character 'p'; in \"…\" a backslash is written twice, in '…' once",
    "- a\n-b": "could not find expected ':'; a field is its name, a colon, a blank and its value",
    "a: - b": "sequence entries are not allowed here; a list begins on a line of its own",
    "a: [1,\n2": "from line 1 on: expected ',' or ']', but got '<stream end>'; close the quote or the bracket",
    "a: {<<: 1}": "after << should stand an object, or a list of objects",
    "a: !!int b": "'b' is no int",
    "a:\n\N{NO-BREAK SPACE} b: 1": "line 2, column 1: not YAML: found no-break space (U+00A0) where blanks "
    "indent; retype",
    "a:\n \N{IDEOGRAPHIC SPACE}b: 1": "found ideographic space (U+3000) where blanks indent",
    "a: {b: ${B}-llm}": f"but got '{{'; {TEMPLATE}",
    "a: {b: ${B}, c: 1}": f"but got '{{'; {TEMPLATE}",
    "a: {{ .Values.b }}-c\nd: 1": f"; {TEMPLATE}",
    "a:\n  {{- toYaml .Values.b | nindent 2 }}\nc: 1": f"line 2, column 5: not YAML: {NODE} '-'; {TEMPLATE}",
    "{{- if .Values.b }}\na: 1\n{{- end }}": f"{NODE} '-'; {TEMPLATE}",
    "a: 1\n{{/* why */}}\nb: 2": f"could not find expected ':'; {TEMPLATE}",
    "{{ $b := 1 }}\na: 1": f"expected '<document start>', but found '<block mapping start>'; {TEMPLATE}",
    "{% if b %}\na: 1\n{% endif %}": f"found character '%' that cannot start any token; {TEMPLATE}",
    "{# why #}\na: 1": f"; {TEMPLATE}",
    "# {{ b }}\na: @team": f"a text that begins with @ {QUOTES}",
    "a: '{{ b }}'\nc: '${d}' e": "nothing follows the closing quote of a text",
}


@pytest.mark.parametrize(("text", "words"), BROKEN.items(), ids=BROKEN)
def test_what_is_broken_is_told_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(NOT_YAML) as caught:
        read_yaml(text)
    assert words in str(bad_yaml(caught.value))
    with pytest.raises(NOT_YAML) as caught:
        read_yaml(text.encode())
    assert words in str(bad_yaml(caught.value))


def test_another_encoding_is_told() -> None:
    with pytest.raises(NOT_YAML) as caught:
        read_yaml("a: é".encode("latin-1"))
    assert str(bad_yaml(caught.value)).endswith("; save it as UTF-8")
