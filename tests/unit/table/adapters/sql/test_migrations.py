from __future__ import annotations

import pytest

from laneway_table.adapters.sql.migrations import Migration, migrations, missing
from laneway_table.errors import TableUnusable

FIRST, SECOND = Migration(1, "0001_results.sql", 1), Migration(2, "0002_labels.sql", 1)
BREAKING = Migration(3, "0003_names.sql", 3)


@pytest.mark.parametrize("folder", ["sqlite_schema", "postgres_schema"])
def test_files_are_numbered_without_a_gap_and_serve_the_one_before(folder: str) -> None:
    found = migrations(folder)
    assert [each.version for each in found] == list(range(1, len(found) + 1))
    assert all(each.serves <= max(1, each.version - 1) for each in found)


@pytest.mark.parametrize(
    ("known", "had", "todo"),
    [
        ([FIRST], [], (FIRST,)),
        ([FIRST, SECOND], [FIRST], (SECOND,)),
        ([FIRST, SECOND], [FIRST, SECOND], ()),
        ([FIRST], [FIRST, SECOND], ()),
    ],
)
def test_what_is_missing_is_done_and_a_newer_schema_serves_the_one_before(
    known: list[Migration], had: list[Migration], todo: tuple[Migration, ...]
) -> None:
    assert missing(known, had) == todo


def test_a_schema_that_serves_no_such_program_is_refused_by_name() -> None:
    with pytest.raises(TableUnusable, match=r"0003_names\.sql .*this one knows 1: use a newer version"):
        missing([FIRST], [FIRST, SECOND, BREAKING])
