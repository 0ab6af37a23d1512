from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto.s3.models import s3_backends

from laneway.local.aws.state import ACCOUNT, EmbeddedState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "saved-while-used"


@pytest.fixture
def bucket() -> Iterator[str]:
    backend = s3_backends[ACCOUNT]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    yield BUCKET
    backend.reset()


def test_an_object_that_is_deleted_while_all_are_saved_is_passed_over(bucket: str, tmp_path: Path) -> None:
    backend = s3_backends[ACCOUNT]["aws"]
    gone = backend.put_object(bucket, "waiters/gone.json", b"{}")
    backend.put_object(bucket, "results/kept.json", b"{}")
    gone.dispose()  # as a delete does, between the listing and the reading
    EmbeddedState(tmp_path).save()
    assert [each.name for each in (tmp_path / "s3" / bucket).rglob("*.json")] == ["kept.json"]
