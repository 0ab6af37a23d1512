from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest
import typer

from laneway.cli.output import lenient, print_json

SAID = {"labels": {"team": "Müller \N{ROCKET}", "odd": "a\u202eb\x7f"}}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_a_document_is_the_same_in_every_encoding(encoding: str) -> None:
    written = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(written, encoding=encoding)) as stream:
        print_json(SAID)
        stream.flush()
    assert json.loads(written.getvalue().decode(encoding)) == SAID
    assert b"\x7f" not in written.getvalue()


def test_words_that_an_encoding_lacks_are_told_by_their_numbers() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="cp1252")
    lenient(stream)
    typer.echo("Müller \N{ROCKET}", file=stream)
    stream.flush()
    assert written.getvalue().decode("cp1252") == "Müller \\U0001f680\n"
    lenient(io.StringIO())  # takes everything
