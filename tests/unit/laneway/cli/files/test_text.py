from __future__ import annotations

import codecs
import gzip
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from laneway.cli.files.text import NotText, decoded
from laneway.cli.main import app
from laneway.cli.output import Exit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("text", ["", "Grüße\n", "a\ufeffb", "a\u2028b"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_text_is_read_with_a_mark_or_without(text: str, mark: bytes) -> None:
    assert decoded(mark + text.encode()) == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(end: str) -> None:
    assert decoded(f"a{end}{end}b{end}".encode()) == "a\n\nb\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{}".encode("utf-16"), "is UTF-16: save it as UTF-8"),
        ("{}".encode("utf-16-be"), "is UTF-16: save it as UTF-8"),
        ("{}".encode("utf-16-le"), "is UTF-16: save it as UTF-8"),
        ("{}".encode("utf-32"), "is UTF-32: save it as UTF-8, by iconv -f UTF-32"),
        ("Grüße".encode("latin-1"), "is not UTF-8 text: save it as UTF-8"),
        (gzip.compress(b"{}"), "is compressed: unpack it first"),
        (b"PK\x03\x04...", "is a ZIP archive"),
    ],
    ids=["utf-16", "utf-16-be", "utf-16-le", "utf-32", "latin-1", "gzip", "xlsx"],
)
def test_what_is_no_text_is_told_with_the_way_out(data: bytes, words: str) -> None:
    with pytest.raises(NotText, match=words):
        decoded(data)


@pytest.mark.parametrize(
    "argv", [["batch", "FILE", "-o", "out"], ["submit", "-f", "FILE"], ["submit", "Hi", "--schema", "FILE"]]
)
def test_each_command_tells_what_a_file_is(argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "jobs.jsonl"
    file.write_bytes("{}".encode("utf-16"))
    run = CliRunner().invoke(app, [str(file) if each == "FILE" else each for each in argv])
    assert (run.exit_code, run.stderr) == (
        Exit.USAGE,
        f"laneway: {file} is UTF-16: save it as UTF-8, by iconv -f UTF-16 -t UTF-8 for example\n",
    )


def test_standard_input_is_told_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for argv in (["submit"], ["batch", "-", "-o", "out"]):
        run = CliRunner().invoke(app, argv, input="{}".encode("utf-16"))
        assert (run.exit_code, run.stderr[:33]) == (Exit.USAGE, "laneway: standard input is UTF-16")
