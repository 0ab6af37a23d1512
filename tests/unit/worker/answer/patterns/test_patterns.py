from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway_worker.answer.patterns.nodes import Unreadable
from laneway_worker.answer.patterns.writer import for_ollama
from support.inputs.jobs import PROPERTY

ANY = r"[\x20-\x21\x23-\x5B\x5D-\x7E\x80-\uD7FF\uE000-\U0010FFFF]"
WRITTEN = {
    r"^\d{4}-\d{2}$": r"^[0-9]{4,4}[\x2D][0-9]{2,2}$",
    r"^\w+$": r"^[0-9A-Z\x5Fa-z]+$",
    r"^[A-Z]{2}\/[\w.+-]*$": r"^[A-Z]{2,2}[\x2F][\x2B\x2D\x2E0-9A-Z\x5Fa-z]*$",
    "[a-z]": f"^{ANY}*[a-z]{ANY}*$",
    "^a": f"^[a]{ANY}*$",
    "": f"^{ANY}*$",
    "^a|b$": f"^[a]{ANY}*|{ANY}*[b]$",
    "(^a$|^b$)": "^[a]|[b]$",
    "^(red|green)$": "^([r][e][d]|[g][r][e][e][n])$",
    "^(a|)$": "^(([a])?)$",
    "^(?:a|b)+$": "^([a]|[b])+$",
    r"^(?<year>\d)(?P<day>\d)$": "^[0-9][0-9]$",
    "^(a*)*$": "^([a]+)*$",
    "^((a?)*)+$": "^(([a]{1,1})+)*$",
    "^a*?b+?$": "^[a]*[b]+$",
    "^a{0}b$": "^[b]$",
    "^a{2,}$": "^[a]{2,}$",
    "^a{1,9000}$": "^[a]+$",
    "^a]}$": r"^[a][\x5D][\x7D]$",
    r"^\x41\u0042\u{43}$": "^[A][B][C]$",
    "^é?$": r"^[\xE9]?$",
    "^€$": r"^[\u20AC]$",
    "^😀$": r"^[\U0001F600]$",
    r"^\\$": r"^[\x5C][\x5C]$",
    '^"$': r"^[\x5C][\x22]$",
    r"^\n$": r"^[\x5C][n]$",
    r"^[\n\t]$": r"^([\x5C][n]|[\x5C][t])$",
    r"^[^\n]$": f"^{ANY}$",
    r"^\bfoo\B$": "^[f][o][o]$",
    r"^(?!^[-+.]*$)[+-]?\d*$": r"^[\x2B\x2D]?[0-9]*$",
    r"^(?=a)(?<!b)a$": "^[a]$",
}


@pytest.mark.parametrize(("pattern", "written"), WRITTEN.items(), ids=str)
def test_a_pattern_is_written_by_its_meaning(pattern: str, written: str) -> None:
    assert for_ollama(pattern) == written


LEFT_TO_THE_CHECK = [
    *("(", ")", "a)", "[", "\\", "+a", "^*", "a**", "a++", "a{2}{3}", "a{2,1}", "(?i)a", "(?i:a)", "(?#a)", "(?>a)"),
    *("^[[:alpha:]]+$", "^[a-z&&[^b]]+$", "^[^[a-z]]+$", "[a--b]", "[b-a]", r"[a-\d]", r"(a)\1", r"\k<a>", r"\p{L}"),
    *(r"\A", r"\z", "^(^a$)b$", "a$b", "(?=a)*", "^$", "a?" * 65, "(" * 41 + ")" * 41, "a" * 2_000, "a{2000}" * 6),
    *("(a*b*)*", "[]"),
]  # fmt: skip


@pytest.mark.parametrize("pattern", LEFT_TO_THE_CHECK, ids=lambda each: each[:30])
def test_what_can_t_be_written_is_left_to_the_check(pattern: str) -> None:
    with pytest.raises(Unreadable):
        for_ollama(pattern)


@PROPERTY
@given(st.text(r"ab]}[{()|*+?^$\\,01-.dwn&:\"é", max_size=30))
def test_whatever_the_pattern_what_is_written_holds_nothing_but_the_safe_forms(pattern: str) -> None:
    try:
        written = for_ollama(pattern)
    except Unreadable:
        return
    rest = re.sub(r"\[(?:[a-zA-Z0-9-]|\\x[0-9A-F]{2}|\\u[0-9A-F]{4}|\\U[0-9A-F]{8})+\]", "C", written)
    assert re.fullmatch(r"\^(?:C|[()|]|[*+?]|\{\d+,\d*\})*\$", rest), written
    assert not re.search(r"[*+?}][*+?{]|[(|^][*+?{]|\(\)", rest.replace("\\", "")), written


@PROPERTY
@given(st.from_regex(r"[a-c]([0-2]{1,3}|x?)*\.[a-z]+", fullmatch=True))
def test_what_the_written_pattern_allows_the_pattern_allows(text: str) -> None:
    written = for_ollama(r"^[a-c]([0-2]{1,3}|x?)*\.[a-z]+$")
    assert re.fullmatch(written.replace(r"\U0010FFFF", "\U0010ffff"), text)
