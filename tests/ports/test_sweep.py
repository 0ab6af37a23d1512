from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.cli.output import Exit
from laneway.schema.job.keys import Place
from laneway_table.adapters.s3 import S3Results
from laneway_table.opened import read_config
from laneway_table.stores import open_table
from support.aws.emulators import BUCKET
from support.inputs.offers import result
from support.table.benches import url_file_of
from support.table.process import Queue, config
from support.table.rows import POOL

if TYPE_CHECKING:
    from pathlib import Path

    from support.aws.emulators import Aws
    from support.table.postgres import Server

IDS = ("a", "a-1", "a.1", "a_1", "B", "invoice-4711")


@pytest.fixture
def place() -> Place:
    return Place(bucket=BUCKET, prefix=f"{uuid.uuid4()}/")


def put(aws: Aws, place: Place, job_id: str, **fields: Any) -> str:
    body = result(id=job_id, **fields).to_json()
    return aws.clients.s3.put_object(Bucket=place.bucket, Key=place.result(job_id), Body=body)["ETag"]


def run(document: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["table", *arguments, "--table", str(document), "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else {"said": done.stderr}


def test_results_are_listed_and_read(aws: Aws, place: Place) -> None:
    etags = {each: put(aws, place, each) for each in IDS}
    aws.clients.s3.put_object(Bucket=place.bucket, Key=f"{place.prefix}results/folder/x.json", Body=b"{}")
    aws.clients.s3.put_object(Bucket=place.bucket, Key=place.result("broken"), Body=b"{}")
    results = S3Results(aws.clients.s3, place)
    found = [each for page in results.pages(None) for each in page]
    assert {each.id: each.etag for each in found if each.id != "broken"} == etags
    names = [each.id for each in found]
    assert [each.id for page in results.pages(names[2]) for each in page] == names[3:]
    fetched = {each.id: each for each in results.fetch([*IDS, "broken", "none"])}
    assert {each: fetched[each].etag for each in IDS} == etags
    assert all(fetched[each].result == result(id=each) for each in IDS)
    assert (fetched["broken"].result, fetched["broken"].etag is None) == (None, False)
    assert (fetched["none"].result, fetched["none"].etag) == (None, None)


@pytest.mark.parametrize("kind", ["sqlite", "postgres15"])
def test_a_table_is_checked_rebuilt_and_checked_again(
    moto: Aws, place: Place, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store: dict[str, Any] = {"sqlite": {"path": str(tmp_path / "table.sqlite")}}
    if kind != "sqlite":
        server: Server = request.getfixturevalue(kind)
        store = {"postgres": {"url_file": str(url_file_of(tmp_path, server))}}
    told = config(moto, Queue(moto), store, results=place.model_dump(), output=True)
    document = tmp_path / "projector.json"
    document.write_text(told.model_dump_json())
    for each in IDS:
        put(moto, place, each, text=f"The answer to {each}.")
    put(moto, place, "foreign", pool="nlp/other")

    code, found = run(document, "rebuild")
    assert (code, found["written"], found["unreadable"]) == (0, len(IDS), ["foreign"])
    table = open_table(read_config(document))
    row = table.get(POOL, "a.1")
    assert row is not None
    assert row.text == "The answer to a.1."
    moto.clients.s3.delete_object(Bucket=place.bucket, Key=place.result("foreign"))
    assert run(document, "check")[0] == Exit.OK

    put(moto, place, "a", text="Another.", revision=1)
    put(moto, place, "new")
    moto.clients.s3.delete_object(Bucket=place.bucket, Key=place.result("B"))
    code, found = run(document, "check")
    assert (code, found["missing"], found["differing"], found["extra"]) == (Exit.JOB_FAILED, ["new"], ["a"], ["B"])
    assert run(document, "rebuild", "--prune")[0] == Exit.OK
    assert run(document, "check")[0] == Exit.OK
    assert sorted(table.ids(POOL, "", None)) == sorted({*IDS, "new"} - {"B"})
    table.close()
