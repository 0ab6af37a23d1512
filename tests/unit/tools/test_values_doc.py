"""The grammar of a chart's values.yaml, and what is made from it."""

from __future__ import annotations

from typing import Any

import pytest

from values_doc.parse import ValuesError, parse_values
from values_doc.readme import readme_of
from values_doc.schema import schema_of
from values_doc.types import definitions

TEXT = """\
# What it is,
# in two lines.

# == First ==

# A word
# of two lines | and a bar.
word: ""

# A group.
group:
  # @ {minimum: 1}
  # How many.
  # For example:
  # 3
  number: 2

# == Second ==

# Names.
# @ {$ref: names}
list: []

# A tag that is needed.
# @ {$ref: tag, minLength: 1}
tag: a
"""
CHART = {"name": "c", "version": "1.2.3", "kubeVersion": ">=1.33.0-0"}


def schema(text: str) -> dict[str, Any]:
    return schema_of("c", parse_values(text), definitions())


def test_a_comment_is_text_schema_and_example() -> None:
    document = parse_values(TEXT)
    assert document.introduction == "What it is,\nin two lines."
    number = document.values[1].children[0]
    assert (number.path, number.comment.text, number.comment.example) == ("group.number", "How many.", "3")
    assert (number.default, number.section, number.comment.schema) == (2, "First", {"minimum": 1})
    assert [each.path for each in document.leaves()] == ["word", "group.number", "list", "tag"]


def test_the_schema_refuses_what_is_not_named() -> None:
    found = schema(TEXT)
    assert found["additionalProperties"] is False
    assert found["properties"]["group"]["additionalProperties"] is False
    assert set(found["properties"]) == {"global", "word", "group", "list", "tag"}


def test_a_type_is_told_by_the_default_or_by_name() -> None:
    properties = schema(TEXT)["properties"]
    assert properties["word"] == {"description": "A word of two lines | and a bar.", "type": "string"}
    number = {"description": "How many.", "type": "integer", "minimum": 1}
    assert properties["group"]["properties"] == {"number": number}
    assert properties["list"]["$ref"] == "#/definitions/names"


def test_what_stands_beside_a_reference_is_not_lost() -> None:
    assert schema(TEXT)["properties"]["tag"]["allOf"] == [{"$ref": "#/definitions/tag"}, {"minLength": 1}]


def test_the_schema_holds_the_types_that_it_needs_and_no_other() -> None:
    assert set(schema(TEXT)["definitions"]) == {"names", "name", "tag"}
    assert "definitions" not in schema("# One.\none: 1\n")


def test_the_readme_has_a_row_for_each_value_under_its_section() -> None:
    page = readme_of(CHART, parse_values(TEXT))
    assert "What it is,\nin two lines.\n\nVersion 1.2.3" in page
    first, second = page.split("## First")[1].split("## Second")
    assert '| `word` | A word of two lines \\| and a bar. | `""` |' in first
    assert "| `group.number` | How many. | `2` |" in first
    assert "| `list` | Names. | `[]` |" in second


def test_a_chart_without_values_has_an_introduction_only() -> None:
    assert readme_of(CHART, parse_values("# None.\n")).rstrip().endswith("`>=1.33.0-0`.")
    assert set(schema("# None.\n")["properties"]) == {"global"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "a has no comment: say above it what it is"),
        ("# A.\n\na: 1\n", "a has no comment"),
        ("# A group.\ng:\n  # @ {minimum: 1}\n  a: 1\n", "g.a has no comment"),
        ("# A list.\na: []\n", "a needs a line `@ {…}` in its comment"),
        ("# A map.\na: {}\n", "a needs a line"),
        ("# A.\n# @ {$ref: nothing}\na: []\n", "there is no type nothing"),
    ],
)
def test_what_breaks_the_grammar_is_named(text: str, message: str) -> None:
    with pytest.raises(ValuesError, match=message):
        schema(text)


def test_what_is_gone_is_refused_with_what_to_write_today() -> None:
    found = schema("# A group.\n# @gone {before: 'gone: write number'}\ngroup:\n  # One.\n  number: 1\n")
    group = found["properties"]["group"]
    assert (group["description"], set(group["properties"])) == ("A group.", {"number", "before"})
    assert group["properties"]["before"]["enum"] == ["gone: write number"]
